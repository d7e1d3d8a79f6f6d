#include "operations/safety/retention.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <set>

namespace bb::safety {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

Time at(int year, unsigned month, unsigned day, int hour = 3) {
    return Time(std::chrono::sys_days(std::chrono::year(year) / month / day)) + std::chrono::hours(hour);
}

Candidate backup(Time time, std::string id = {}) {
    return {id.empty() ? to_rfc3339(time) : std::move(id), time};
}

std::vector<std::string> kept(const std::vector<Verdict>& verdicts) {
    std::vector<std::string> ids;
    for (const auto& one : verdicts)
        if (one.kept) ids.push_back(one.id.substr(0, 10));
    return ids;
}

TEST(Retention, KeepsSevenDaysFourWeeksTwelveMonths) {
    std::vector<Candidate> all;
    for (Time day = at(2025, 1, 1); day <= at(2026, 11, 26); day += days(1)) all.push_back(backup(day));
    const auto verdicts = sort_out(all, at(2026, 11, 26, 4), {});
    // Days 20 to 26; of weeks 48, 47, 46, 45 the newest; of the months the newest.
    const std::vector<std::string> expected = {
        "2025-12-31", "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30",
        "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-31", "2026-11-08", "2026-11-15", "2026-11-20",
        "2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26"};
    EXPECT_EQ(kept(verdicts), expected);
    EXPECT_EQ(verdicts.back().why,
              "newest, day 1 of 7 (2026-11-26), week 1 of 4 (2026-W48), month 1 of 12 (2026-11)");
    EXPECT_EQ(verdicts.front().why, "newer ones stand for its day, week and month (2025-01-01)");
}

TEST(Retention, OfADayTheNewestStays) {
    const auto verdicts =
        sort_out({backup(at(2026, 11, 26, 3)), backup(at(2026, 11, 26, 15))}, at(2026, 11, 27), {});
    EXPECT_FALSE(verdicts[0].kept);
    EXPECT_TRUE(verdicts[1].kept);
}

TEST(Retention, AnIsoWeekBelongsToTheYearOfItsThursday) {
    const auto verdicts = sort_out({backup(at(2027, 1, 1))}, at(2027, 1, 2), {});
    EXPECT_NE(verdicts[0].why.find("(2026-W53)"), std::string::npos) << verdicts[0].why;
}

TEST(Retention, TheNewestStaysHoweverOldItIs) {
    const auto verdicts =
        sort_out({backup(at(2019, 1, 1)), backup(at(2019, 1, 2))}, at(2026, 1, 1), {0, 0, 0});
    EXPECT_FALSE(verdicts[0].kept);
    EXPECT_EQ(verdicts[1].why, "newest");
}

TEST(Retention, HeldDamagedAndFutureOnesStayAndCountForNothing) {
    auto held = backup(at(2020, 5, 5));
    held.held = true;
    auto damaged = backup(at(2026, 11, 26, 23));
    damaged.whole = false;
    const auto future = backup(at(2031, 1, 1));
    const auto verdicts =
        sort_out({held, backup(at(2026, 11, 26)), damaged, future}, at(2026, 11, 26, 4), {1, 0, 0});
    ASSERT_EQ(verdicts.size(), 4u);
    EXPECT_EQ(verdicts[0].why, "held");
    EXPECT_EQ(verdicts[1].why, "newest, day 1 of 1 (2026-11-26)");
    EXPECT_TRUE(verdicts[2].kept);
    EXPECT_EQ(verdicts[3].why, "of a time to come: a clock was wrong");
}

/// What must be there on any day, whatever happened before.
void expect_promises(const std::set<Time>& stored, const std::set<Time>& ever, Time today) {
    ASSERT_EQ(stored.empty(), ever.empty());
    if (ever.empty()) return;
    EXPECT_EQ(*stored.rbegin(), *ever.rbegin()) << "the newest is gone";
    std::map<std::string, Time> days_made, months_made;
    for (const auto time : ever) {
        days_made[to_rfc3339(time).substr(0, 10)] = time;
        months_made[to_rfc3339(time).substr(0, 7)] = time;
    }
    const auto expect_last = [&](const auto& made, int most, const char* what) {
        int count = 0;
        for (auto it = made.rbegin(); it != made.rend() && count < most; ++it, ++count)
            EXPECT_TRUE(stored.contains(it->second))
                << what << " " << it->first << " on " << to_rfc3339(today);
    };
    expect_last(days_made, 7, "day");
    expect_last(months_made, 12, "month");
    EXPECT_LE(stored.size(), 7u + 4u + 12u);
}

TEST(Retention, ThreeYearsWithGapsFailuresAndClockChanges) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        std::mt19937 random(seed);
        std::set<Time> stored, ever;
        bool away = false;
        for (Time today = at(2024, 1, 1); today < at(2027, 1, 1); today += days(1)) {
            if (random() % 40 == 0) away = !away;  // weeks without any backup
            if (away || random() % 10 == 0) continue;
            const int runs = random() % 5 == 0 ? 3 : 1;
            for (int run = 0; run < runs; ++run) {
                // Summer time, and a clock that is up to half an hour off.
                auto time = today + std::chrono::hours(run * 4 + static_cast<int>(random() % 2)) +
                            std::chrono::minutes(static_cast<int>(random() % 61) - 30);
                if (!ever.empty() && time <= *ever.rbegin()) time = *ever.rbegin() + 1s;
                stored.insert(time);
                ever.insert(time);
            }
            if (random() % 8 == 0) continue;  // pruning failed today
            std::vector<Candidate> all;
            for (const auto time : stored) all.push_back(backup(time));
            const auto now = *ever.rbegin() + 1min;
            std::map<std::string, Time> by_id;
            for (const auto time : stored) by_id[to_rfc3339(time)] = time;
            for (const auto& verdict : sort_out(all, now, {}))
                if (!verdict.kept) stored.erase(by_id.at(verdict.id));
            expect_promises(stored, ever, today);
            if (testing::Test::HasFailure()) FAIL() << "seed " << seed;
        }
    }
}

TEST(Retention, AskingTwiceChangesNothing) {
    std::vector<Candidate> all;
    for (int day = 0; day < 500; ++day) all.push_back(backup(at(2025, 1, 1) + days(day)));
    const auto now = all.back().created_at + 1h;
    std::vector<Candidate> left;
    for (const auto& verdict : sort_out(all, now, {}))
        if (verdict.kept)
            left.push_back(
                *std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.id == verdict.id; }));
    for (const auto& verdict : sort_out(left, now, {})) EXPECT_TRUE(verdict.kept) << verdict.id;
}

}  // namespace
}  // namespace bb::safety
