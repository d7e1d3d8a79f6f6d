#include "services/jobs/runner.hpp"

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "unit/support/test_database.hpp"

namespace bb::jobs {
namespace {

/// Ends each job as the test says.
class Clerk : public Runner {
public:
    Clerk(db::Database& db, std::function<void()> end) : Runner(db, "read_file"), end_(std::move(end)) {}

    std::vector<std::string> put_off_for, given_up_for;

private:
    Task<void> carry_out(const Job& job) override {
        end_();
        auto take_off = [&](db::Transaction& tx) -> Task<void> {
            co_await finish(tx, job);
        };
        co_await db().transaction(take_off);
    }
    void on_put_off(const Job&, const std::string& reason) override { put_off_for.push_back(reason); }
    Task<void> give_up(const Job& job, std::string reason) override {
        given_up_for.push_back(reason);
        auto leave = [&](db::Transaction& tx) -> Task<void> {
            co_await park(tx, job, reason);
        };
        co_await db().transaction(leave);
    }

    std::function<void()> end_;
};

class RunnerTest : public test::DatabaseTest {
protected:
    RunnerTest() {
        const auto owner = Uuid::make();
        cluster().script("INSERT INTO users (id, email, name, role) VALUES ('" + owner.text() +
                         "', 'ana@example.org', 'ana', 'student')");
        auto work = [&](db::Transaction& tx) -> Task<void> {
            co_await add(tx, "read_file", owner, Uuid::make());
        };
        await(db().transaction(work));
    }
    void pass(const std::string& time) {
        cluster().script("UPDATE jobs SET next_try_at = next_try_at - interval '" + time + "'");
    }
};

TEST_F(RunnerTest, TakesOffWhatIsDone) {
    Clerk clerk(db(), [] {});
    EXPECT_TRUE(await(clerk.work_next()));
    pass("1 day");
    EXPECT_FALSE(await(clerk.work_next()));
}

TEST_F(RunnerTest, PutsOffWhatFailsAndGivesUpInTheEnd) {
    Clerk clerk(db(), [] { throw std::runtime_error("the disk is away"); });
    for (const char* pause : {"10 seconds", "20 seconds", "40 seconds", "80 seconds"}) {
        EXPECT_TRUE(await(clerk.work_next()));
        EXPECT_FALSE(await(clerk.work_next())) << "not before its time";
        pass(pause);
    }
    EXPECT_TRUE(await(clerk.work_next()));
    EXPECT_EQ(clerk.put_off_for, std::vector<std::string>(4, "the disk is away"));
    EXPECT_EQ(clerk.given_up_for, std::vector<std::string>(1, "the disk is away"));
    pass("1 day");
    EXPECT_FALSE(await(clerk.work_next()));
}

TEST_F(RunnerTest, GivesBackWhatItStopped) {
    Clerk stopped(db(), [] { throw Stopped("the server stops"); });
    EXPECT_FALSE(await(stopped.work_next()));
    EXPECT_TRUE(stopped.put_off_for.empty());
    const auto job = await(claim(db(), "read_file", std::chrono::seconds(60)));
    ASSERT_TRUE(job);
    EXPECT_EQ(job->attempts, 1);
}

}  // namespace
}  // namespace bb::jobs
