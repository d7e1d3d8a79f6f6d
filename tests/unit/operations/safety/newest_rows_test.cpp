#include "operations/safety/newest_rows.hpp"

#include <gtest/gtest.h>

#include "unit/support/test_database.hpp"

namespace bb::safety {
namespace {

class NewestRows : public test::DatabaseTest {
protected:
    void add(const char* email, Time at) {
        session_.query(
            "INSERT INTO users (id, email, name, role, created_at) VALUES ($1, $2, 'N', 'student', $3)",
            Uuid::make(), email, at);
    }

    db::Session session_{cluster().conninfo()};
};

TEST_F(NewestRows, AreToldOfEachTableAndMissedWhenTheyAreGone) {
    const Time last(std::chrono::microseconds(1'795'000'000'123'456));
    EXPECT_FALSE(newest_rows(session_).contains("users"));
    add("ana@example.org", last - std::chrono::hours(1));
    add("carl@example.org", last);
    add("ben@example.org", last);
    session_.script("UPDATE users SET created_at = 'infinity' WHERE email = 'carl@example.org'");
    Manifest manifest;
    manifest.newest_rows = newest_rows(session_);
    EXPECT_EQ(manifest.newest_rows.at("users"), last);
    EXPECT_FALSE(manifest.newest_rows.contains("metric_minutes_0"));
    EXPECT_NO_THROW(check_newest_rows(session_, manifest));
    manifest.newest_rows["a_table_of_before"] = last;
    EXPECT_NO_THROW(check_newest_rows(session_, manifest)) << "a migration may have dropped it";
    session_.script("DELETE FROM users WHERE email = 'ben@example.org'");
    try {
        check_newest_rows(session_, manifest);
        FAIL() << "the newest row is not missed";
    } catch (const std::runtime_error& refused) {
        EXPECT_NE(std::string(refused.what()).find("the newest row of users"), std::string::npos);
    }
}

}  // namespace
}  // namespace bb::safety
