#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "operations/deploy/deploy_lock.hpp"
#include "operations/deploy/deployment.hpp"

namespace bb::deploy {
namespace {

boost::json::object status_of(const char* text) {
    return boost::json::parse(text).as_object();
}

TEST(SchemaGap, IsWhatHasTakenAwayMoreThanTheReleaseKnows) {
    const auto status = status_of(R"({"migrations":[
        {"number":1,"phase":"contract","appliedAt":"2026-01-01T00:00:00.000000Z"},
        {"number":2,"phase":"expand","appliedAt":"2026-01-02T00:00:00.000000Z"},
        {"number":3,"phase":"contract","appliedAt":"2026-01-03T00:00:00.000000Z"},
        {"number":4,"phase":"contract","appliedAt":null}]})");
    EXPECT_FALSE(schema_gap(status, 4));
    EXPECT_FALSE(schema_gap(status, 3));
    for (const int latest : {1, 2}) {
        const auto gap = schema_gap(status, latest);
        ASSERT_TRUE(gap);
        EXPECT_EQ(gap->migration, 3);
        EXPECT_EQ(gap->to, latest);
        EXPECT_GT(gap->minutes, 0);
    }
    // What only adds is no hindrance.
    const auto adds = status_of(
        R"({"migrations":[{"number":2,"phase":"expand","appliedAt":"2026-01-02T00:00:00.000000Z"}]})");
    EXPECT_FALSE(schema_gap(adds, 1));
}

TEST(SchemaGap, SaysWhatIsGoneForGood) {
    const auto told = status_of(R"({"rolledBack":[{"number":3,"gone":["table notes"]},{"number":2}]})");
    EXPECT_EQ(gone_for_good(told), std::vector<std::string>{"table notes"});
    const SchemaGap gap{3, 2, Time{}, 7};
    EXPECT_NE(gap.lost(gone_for_good(told), "0.1").find("migration 3 dropped table notes"),
              std::string::npos);
    EXPECT_NE(gap.text("0.1").find("--accept-data-loss 7"), std::string::npos);
    EXPECT_EQ(gap.reason("0.1").find("--accept-data-loss"), std::string::npos);
}

TEST(Hold, IsReadAsItWasWrittenUntilItIsOver) {
    const Hold hold{"id", "the office", "exams", now() + std::chrono::minutes(1)};
    const auto read = hold_in(to_json(hold));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->owner, "the office");
    EXPECT_EQ(read->until, hold.until);
    EXPECT_FALSE(hold_in(to_json({"id", "a", "b", now() - std::chrono::seconds(1)})));
    EXPECT_FALSE(hold_in("nothing of the kind"));
}

}  // namespace
}  // namespace bb::deploy
