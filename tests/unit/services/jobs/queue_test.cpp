#include "services/jobs/queue.hpp"

#include "base/net/timer.hpp"

#include "unit/support/test_database.hpp"

namespace bb::jobs {
namespace {

constexpr const char* kind = "read_file";
constexpr std::chrono::seconds lease{60};

class JobsTest : public test::DatabaseTest {
protected:
    JobsTest() : ana_(person("ana")), ben_(person("ben")) {}

    Uuid person(const std::string& name) {
        const auto id = Uuid::make();
        cluster().script("INSERT INTO users (id, email, name, role) VALUES ('" + id.text() + "', '" + name +
                         "@example.org', '" + name + "', 'student')");
        return id;
    }
    Uuid added(Uuid owner, Uuid subject = Uuid::make()) {
        auto work = [&](db::Transaction& tx) -> Task<void> {
            co_await add(tx, kind, owner, subject);
        };
        await(db().transaction(work));
        return subject;
    }
    std::optional<Job> next() { return await(claim(db(), kind, lease)); }
    bool finished(const Job& job) {
        auto work = [&](db::Transaction& tx) -> Task<bool> {
            co_return co_await finish(tx, job);
        };
        return await(db().transaction(work));
    }
    void pass(const std::string& time) {
        cluster().script("UPDATE jobs SET next_try_at = next_try_at - interval '" + time + "'");
    }

    Uuid ana_, ben_;
};

TEST_F(JobsTest, AreDoneOnceAndThenGone) {
    const auto subject = added(ana_);
    const auto job = next();
    ASSERT_TRUE(job);
    EXPECT_EQ(job->subject, subject);
    EXPECT_EQ(job->owner, ana_);
    EXPECT_EQ(job->attempts, 1);
    EXPECT_FALSE(next());
    EXPECT_TRUE(finished(*job));
    EXPECT_FALSE(finished(*job));
    pass("1 day");
    EXPECT_FALSE(next());
}

TEST_F(JobsTest, GoByTurnsBetweenPeople) {
    std::vector<Uuid> of_ana;
    for (int i = 0; i < 5; ++i) of_ana.push_back(added(ana_));
    std::vector<Uuid> order;
    const auto take = [&] {
        const auto job = next();
        if (job) order.push_back(job->subject);
        return job.has_value();
    };
    EXPECT_TRUE(take() && take());
    cluster().script("UPDATE jobs SET created_at = created_at - interval '1 hour'");
    const auto of_ben = added(ben_);  // who comes late waits for no more than what is in hand
    const auto another = added(ben_);
    while (take()) continue;
    const std::vector<Uuid> expected = {of_ana[0], of_ana[1], of_ben,   of_ana[2],
                                        another,   of_ana[3], of_ana[4]};
    EXPECT_EQ(order, expected);
}

TEST_F(JobsTest, OfWhoDiedAreTakenByAnother) {
    added(ana_);
    const auto first = next();
    ASSERT_TRUE(first);
    pass("61 seconds");
    const auto second = next();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->attempts, 2);
    EXPECT_FALSE(finished(*first)) << "who was slow must not keep its result beside the other's";
    EXPECT_TRUE(finished(*second));
}

TEST_F(JobsTest, ArePutOffLongerEachTime) {
    added(ana_);
    for (const char* pause : {"10 seconds", "20 seconds", "40 seconds"}) {
        const auto job = next();
        ASSERT_TRUE(job);
        await(put_off(db(), *job, "the disk is away"));
        cluster().script("UPDATE jobs SET next_try_at = next_try_at + interval '1 second'");
        pass(pause);
        EXPECT_FALSE(next());
        pass("1 second");
    }
    const auto job = next();
    ASSERT_TRUE(job);
    await(give_back(db(), *job));
    EXPECT_EQ(next()->attempts, job->attempts);
}

TEST_F(JobsTest, AreParkedUntilSomebodyAsksAgain) {
    const auto subject = added(ana_);
    const auto job = next();
    ASSERT_TRUE(job);
    auto work = [&](db::Transaction& tx) -> Task<bool> {
        co_return co_await park(tx, *job, "it cannot be");
    };
    EXPECT_TRUE(await(db().transaction(work)));
    pass("1 day");
    EXPECT_FALSE(next());
    added(ana_, subject);
    const auto again = next();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->subject, subject);
    EXPECT_EQ(again->attempts, 1);
}

TEST_F(JobsTest, AreToldToWhoListens) {
    std::vector<std::string> told;
    bool ready = false;
    db::Listener::Events events;
    events.on_message = [&](std::string_view, std::string_view payload) {
        told.emplace_back(payload);
    };
    events.on_ready = [&] {
        ready = true;
    };
    db::Listener listener(executor(), cluster().conninfo(), {waits_channel}, std::move(events));
    listener.start();
    const auto wait_for = [&](auto condition) {
        auto wait = [&]() -> Task<void> {
            for (int i = 0; i < 500 && !condition(); ++i)
                co_await net::sleep_for(std::chrono::milliseconds(10));
        };
        await(wait());
        return condition();
    };
    ASSERT_TRUE(wait_for([&] { return ready; }));
    added(ana_);
    EXPECT_TRUE(wait_for([&] { return !told.empty(); }));
    EXPECT_EQ(told, std::vector<std::string>{kind});
}

}  // namespace
}  // namespace bb::jobs
