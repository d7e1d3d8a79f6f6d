#include "operations/watch/contacts.hpp"

#include <gtest/gtest.h>

namespace bb::watch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* file = R"(
[contacts]
ana = { email = "ana@school.example", away = [{ from = 2026-01-12, to = 2026-01-19 }] }
ben = { email = "ben@school.example", ntfy = "https://ntfy.sh/ben" }
head = { email = "head@school.example" }

[rotas]
week = { people = ["ana", "ben"], starts = 2026-01-05 }

[escalation]
L1 = ["week"]
L2 = ["week", "head"]
)";

Time day(unsigned number) {
    return std::chrono::sys_days(std::chrono::year(2026) / 1 / number) + hours(3);
}

std::string names(const Contacts& contacts, int level, Time at) {
    std::string text;
    for (const auto& one : contacts.on_duty(level, at)) text += one.name + " ";
    return text;
}

TEST(ContactsTest, TakeTurnsByWeekAndStandInForWhoIsAway) {
    const auto contacts = parse_contacts(file, "brainbytes.toml").value();
    EXPECT_EQ(names(contacts, 1, day(5)), "ana ");
    EXPECT_EQ(names(contacts, 1, day(11)), "ana ");
    EXPECT_EQ(names(contacts, 1, day(12)), "ben ");
    EXPECT_EQ(names(contacts, 1, day(19)), "ana ");
    EXPECT_EQ(names(contacts, 2, day(5)), "ana head ");
    EXPECT_EQ(names(contacts, 3, day(5)), "");
    EXPECT_EQ(names(contacts, 1, day(4)), "ben ") << "before the weeks are counted, too";
}

TEST(ContactsTest, WhoIsAwayInTheirOwnWeekIsReplaced) {
    std::string text = file;
    text.replace(text.find("2026-01-12"), 10, "2026-01-05");
    text.replace(text.find("2026-01-19"), 10, "2026-01-10");
    const auto contacts = parse_contacts(text, "brainbytes.toml").value();
    EXPECT_EQ(names(contacts, 1, day(6)), "ben ");
    EXPECT_EQ(names(contacts, 1, day(10)), "ana ") << "the day of coming back";
}

TEST(ContactsTest, NameEveryFaultWithItsLine) {
    const auto wrong = parse_contacts(
        "[contacts]\nana = { email = \"nobody\" }\nben = { phone = \"1\" }\n[escalation]\nL1 = "
        "[\"carl\"]\nL9 = []\n",
        "brainbytes.toml");
    ASSERT_FALSE(wrong);
    std::string lines;
    for (const auto& fault : wrong.error().fields) lines += fault.pointer + " ";
    EXPECT_NE(lines.find("brainbytes.toml:2 "), std::string::npos) << lines;
    EXPECT_NE(lines.find("brainbytes.toml:3 "), std::string::npos) << lines;
    EXPECT_NE(lines.find("brainbytes.toml:5 "), std::string::npos) << lines;
    EXPECT_NE(lines.find("brainbytes.toml:6 "), std::string::npos) << lines;
    EXPECT_EQ(parse_contacts("[contacts", "x.toml").error().code, ErrorCode::malformed);
    EXPECT_TRUE(parse_contacts("[stages.dev]\n", "x.toml").value().empty());
}

TEST(EscalationTest, FollowsTheMatrixOfThePlan) {
    const std::pair<int, int> steps[] = {{0, 1},  {14, 1}, {15, 2},  {29, 2}, {30, 3},
                                         {59, 3}, {60, 4}, {119, 4}, {120, 5}};
    for (const auto& [waited, level] : steps) {
        EXPECT_EQ(level_after("P0", minutes(waited)), level) << waited;
        EXPECT_EQ(level_after("P1", minutes(waited)), level) << waited;
        // What may wait for an hour goes up when the hour is over.
        EXPECT_EQ(level_after("P2", minutes(waited + 45)), level) << waited;
    }
    EXPECT_EQ(level_after("P3", hours(23)), 1);
    EXPECT_EQ(level_after("P3", hours(24)), 2);
    EXPECT_EQ(response_time("P0"), minutes(5));
    EXPECT_EQ(response_time("P1"), minutes(15));
    EXPECT_EQ(response_time("P2"), hours(1));
    EXPECT_EQ(response_time("P3"), hours(24));
    EXPECT_EQ(decision_of("P0"), "immediate rollback");
}

}  // namespace
}  // namespace bb::watch
