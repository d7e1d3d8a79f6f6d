#include "operations/safety/drill.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace bb::safety {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(DrillTest, NeverLosesLessThanNothing) {
    const Time misfortune = now();
    EXPECT_DOUBLE_EQ(lost_seconds(misfortune, misfortune - seconds(3)), 3);
    EXPECT_EQ(lost_seconds(misfortune, misfortune + milliseconds(100)), 0);
}

TEST(ObjectivesTest, EveryRowOfThePlanIsComparedWithWhatItIsAbout) {
    std::map<std::string_view, std::set<std::string_view>> rows;
    for (const auto& scenario : scenarios())
        for (const auto& row : scenario.rows) rows[scenario.name].insert(row.title);
    ASSERT_EQ(rows.size(), 7u);
    for (const auto& [scenario, titles] : rows) {
        EXPECT_TRUE(titles.contains("application")) << scenario;
        EXPECT_EQ(titles.contains("database"), scenario != "lost-application") << scenario;
        EXPECT_EQ(titles.contains("DNS"), scenario == "region-lost") << scenario;
    }
    for (const auto* everything : {"lost-host", "ransomware", "region-lost"})
        EXPECT_TRUE(rows[everything].contains("full system")) << everything;
}

TEST(ObjectivesTest, APartIsLateByItsOwnTime) {
    constexpr double minute = 60, hour = 3600;
    const auto& all = find_scenario("region-lost")->rows;
    const auto good = [&](const Measured& measured) {
        std::map<std::string, bool> by_row;
        for (const auto& row : all) by_row[std::string(row.title)] = compare(row, measured).good;
        return by_row;
    };
    using Rows = std::map<std::string, bool>;
    const auto rows = [](bool application, bool database, bool dns, bool system) {
        return Rows{
            {"application", application}, {"database", database}, {"DNS", dns}, {"full system", system}};
    };
    EXPECT_EQ(good({5 * minute, 9 * minute, 10 * minute, 200, true}), rows(true, true, true, true));
    EXPECT_EQ(good({59 * minute, 80 * minute, 80 * minute, 200, true}), rows(true, true, false, true));
    EXPECT_EQ(good({61 * minute, 80 * minute, 80 * minute, 200, true}), rows(true, false, false, true));
    EXPECT_EQ(good({5 * minute, 36 * minute, 5 * hour, 200, true}), rows(false, true, false, false));
    EXPECT_EQ(good({1, 2, 3, 6 * minute, true}), rows(false, true, true, true));
    EXPECT_EQ(good({1, 2, 3, 6 * hour, false}), rows(true, true, true, true))
        << "a backup is of some hours ago";
    EXPECT_EQ(good({1, 2, 3, 25 * hour, false}), rows(true, false, true, false));
}

TEST(DrillTest, IsNotGoodWithoutAnAnswerInTime) {
    DrillResult result;
    result.goals = {60, 60};
    EXPECT_FALSE(result.good());
    result.rpo_seconds = 1;
    EXPECT_FALSE(result.good());
    result.rto_seconds = 1;
    EXPECT_TRUE(result.good());
    result.rto_seconds = 61;
    EXPECT_FALSE(result.good());
    result.rto_seconds = 1;
    result.checks = {{"chat", false, "no answer"}};
    EXPECT_FALSE(result.good());
}

}  // namespace
}  // namespace bb::safety
