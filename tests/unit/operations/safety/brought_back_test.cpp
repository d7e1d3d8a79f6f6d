#include "operations/safety/brought_back.hpp"

#include <gtest/gtest.h>

#include "operations/safety/snapshot.hpp"
#include "services/audit/audit.hpp"
#include "unit/support/test_database.hpp"

namespace bb::safety {
namespace {

class BroughtBackTest : public test::DatabaseTest {
protected:
    void SetUp() override {
        add("ana@example.org", *told_.newest_row);
        add("ben@example.org", *told_.newest_row - std::chrono::hours(1));
        for (const auto& [table, rows] : count_rows(session_)) told_.rows += rows;
        note("backup.restored");
    }

    void add(const char* email, Time at) {
        session_.query(
            "INSERT INTO users (id, email, name, role, created_at) VALUES ($1, $2, 'N', 'student', $3)",
            Uuid::make(), email, at);
    }
    /// What a restore writes itself.
    void note(const char* action) { await(audit::record(db(), {audit::by_operator(), action})); }

    std::string check() { return check_brought_back(session_, told_, begun_); }
    std::string refusal() {
        try {
            return "not refused: " + check();
        } catch (const std::runtime_error& refused) {
            return refused.what();
        }
    }
    std::string all() const {
        return std::to_string(told_.rows) + " rows, the newest of 2026-11-18T11:06:40.123456Z";
    }

    db::Session session_{cluster().conninfo()};
    const Time begun_ = now();
    BroughtBack told_{begun_, 0, Time(std::chrono::microseconds(1'795'000'000'123'456)), 0};
};

TEST_F(BroughtBackTest, MissesARowThatIsNotThere) {
    EXPECT_EQ(check(), all());
    session_.script("DELETE FROM users WHERE email = 'ben@example.org'");
    EXPECT_EQ(refusal(),
              std::to_string(told_.rows - 1) + " rows are there, and " + all() + " were to come back");
}

TEST_F(BroughtBackTest, MissesTheNewestRowWhereAnotherIsThere) {
    session_.script("UPDATE users SET created_at = '2026-01-01Z' WHERE email = 'ana@example.org'");
    EXPECT_EQ(refusal(), "the newest row, of 2026-11-18T11:06:40.123456Z, is not there");
}

TEST_F(BroughtBackTest, SaysThatPeopleWereErasedAgain) {
    session_.script("DELETE FROM users WHERE email = 'ben@example.org'");
    note("account.erased");
    EXPECT_EQ(check(), all() + " came back; " + std::to_string(told_.rows) +
                           " are left by 1 erasures and 0 migrations since");
}

}  // namespace
}  // namespace bb::safety
