#include "unit/base/db/loop.hpp"

namespace bb::db {
namespace {

using std::chrono::milliseconds;

class RestartTest : public test::DatabaseTest {
protected:
    test::TemporaryPostgres& server = test::TemporaryPostgres::shared();
};

/// Asks again and again, counting answers and refusals; anything else fails the test.
struct Load {
    int answered = 0, refused = 0, wrong = 0, running = 0;
    bool stop = false;

    Task<void> keep_asking(Database& db) {
        ++running;
        while (!stop) {
            try {
                auto work = [](Transaction& tx) -> Task<void> {
                    co_await tx.query("SELECT 2");
                };
                const Rows rows = co_await db.query("SELECT $1", 5);
                EXPECT_EQ(rows[0].get<std::int32_t>(0), 5);
                co_await db.transaction(work);
                ++answered;
            } catch (const Unavailable&) {
                ++refused;
            } catch (const std::exception& failure) {
                ++wrong;
                ADD_FAILURE() << failure.what();
            }
            co_await net::sleep_for(milliseconds(2));
        }
        --running;
    }

    /// Waits until answers come (again).
    Task<void> recover() {
        const int before = answered;
        for (int i = 0; i < 1500 && answered < before + 20; ++i) co_await net::sleep_for(milliseconds(10));
        EXPECT_GE(answered, before + 20) << "no answers came back";
    }
};

TEST_F(RestartTest, ARestartUnderLoadIsUnavailableAndThenOver) {
    session.reset();
    open();
    run(
        [this](Database& db) -> Task<void> {
            const auto executor = co_await net::this_executor();
            Load load;
            for (int i = 0; i < 8; ++i) net::spawn(executor, load.keep_asking(db));
            co_await load.recover();
            server.stop();
            const int before = load.refused;
            co_await net::sleep_for(milliseconds(300));
            EXPECT_GT(load.refused, before);
            EXPECT_FALSE(db.ready());
            server.start();
            co_await load.recover();
            EXPECT_TRUE(db.ready());
            server.kill();
            co_await net::sleep_for(milliseconds(200));
            EXPECT_FALSE(db.ready());
            server.start();
            co_await load.recover();
            load.stop = true;
            while (load.running > 0) co_await net::sleep_for(milliseconds(5));
            EXPECT_EQ(load.wrong, 0);
        },
        std::chrono::seconds(120));
}

TEST_F(RestartTest, AStatementWaitsAMomentForTheNextConnection) {
    open();
    run([this](Database& db) -> Task<void> {
        for (int round = 0; round < 5; ++round) {
            session->query(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                "AND application_name = 'brainbytes'");
            while (db.ready()) co_await net::sleep_for(milliseconds(1));
            if (round % 2 == 0) {
                const Rows rows = co_await db.query("SELECT $1", 5);
                EXPECT_EQ(rows[0].get<std::int32_t>(0), 5);
            } else {
                auto work = [](Transaction& tx) -> Task<void> {
                    co_await tx.query("SELECT 1");
                };
                co_await db.transaction(work);
            }
        }
    });
}

TEST_F(RestartTest, NobodyWaitsForAServerThatStaysAway) {
    session.reset();
    open();
    run([this](Database& db) -> Task<void> {
        server.stop();
        while (db.ready()) co_await net::sleep_for(milliseconds(1));
        int refused = 0;
        const auto ask = [&]() -> Task<void> {
            try {
                co_await db.query("SELECT 1");
            } catch (const Unavailable&) {
                ++refused;
            }
        };
        const auto executor = co_await net::this_executor();
        const auto began = std::chrono::steady_clock::now();
        for (int i = 0; i < 300; ++i) net::spawn(executor, ask());
        co_await net::sleep_for(milliseconds(20));
        EXPECT_EQ(refused, 300 - 256) << "no more wait than a queue holds";
        while (refused < 300) co_await net::sleep_for(milliseconds(5));
        EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(400));
        // Gone for longer: at once, without a turn of the loop.
        net::spawn(executor, ask());
        co_await net::sleep_for(milliseconds(0));
        EXPECT_EQ(refused, 301);
        server.start();
        const bool ready = co_await db.wait_ready(std::chrono::seconds(10));
        EXPECT_TRUE(ready);
    });
}

TEST_F(RestartTest, AServerThatHangsIsGivenUp) {
    session.reset();
    Options options;
    options.statement_timeout = milliseconds(200);  // given up five seconds later
    open(options);
    run([this](Database& db) -> Task<void> {
        auto warm = [](Transaction& tx) -> Task<void> {
            co_await tx.query("SELECT 1");
        };
        co_await db.transaction(warm);
        server.freeze(true);
        const auto began = std::chrono::steady_clock::now();
        int refused = 0;
        const auto executor = co_await net::this_executor();
        const auto ask = [&](bool alone) -> Task<void> {
            try {
                if (alone)
                    co_await db.query("SELECT 1");
                else
                    co_await db.transaction(warm);
            } catch (const Unavailable&) {
                ++refused;
            }
        };
        net::spawn(executor, ask(true));
        net::spawn(executor, ask(false));
        while (refused < 2 && std::chrono::steady_clock::now() - began < std::chrono::seconds(15))
            co_await net::sleep_for(milliseconds(20));
        server.freeze(false);
        EXPECT_EQ(refused, 2);
        const bool ready = co_await db.wait_ready(std::chrono::seconds(10));
        EXPECT_TRUE(ready);
        co_await db.transaction(warm);
    });
}

class ListenerTest : public RestartTest {
protected:
    Listener::Events events() {
        Listener::Events events;
        events.on_message = [this](std::string_view channel, std::string_view payload) {
            heard.emplace_back(std::string(channel) + ":" + std::string(payload));
        };
        events.on_lost = [this]() {
            ++lost;
        };
        events.on_ready = [this]() {
            ++ready;
        };
        return events;
    }
    /// Runs the loop until `condition` holds.
    template <class Condition>
    bool until(Condition condition) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        loop.restart();
        while (!condition() && std::chrono::steady_clock::now() < end) loop.run_one_for(milliseconds(20));
        return condition();
    }
    void notify(const std::string& payload) {
        Session(server.conninfo()).query("SELECT pg_notify('news', $1)", payload);
    }

    std::vector<std::string> heard;
    int lost = 0, ready = 0;
};

TEST_F(ListenerTest, HearsWhatIsToldAfterItSaidReady) {
    {
        Listener listener(loop.get_executor(), server.conninfo(), {"news", "other"}, events());
        listener.start();
        ASSERT_TRUE(until([&]() { return ready == 1; }));
        notify("one");
        Session(server.conninfo()).query("SELECT pg_notify('other', 'x')");
        Session(server.conninfo()).query("SELECT pg_notify('unknown', 'x')");
        notify("two");
        ASSERT_TRUE(until([&]() { return heard.size() == 3; }));
        EXPECT_EQ(heard, (std::vector<std::string>{"news:one", "other:x", "news:two"}));
        EXPECT_EQ(lost, 0);
    }
    EXPECT_EQ(lost, 0);
}

TEST_F(ListenerTest, SaysWhenItMayHaveMissedSomethingAndComesBack) {
    session.reset();
    Listener listener(loop.get_executor(), server.conninfo(), {"news"}, events());
    listener.start();
    ASSERT_TRUE(until([&]() { return ready == 1; }));
    server.stop();
    ASSERT_TRUE(until([&]() { return lost >= 1; }));
    server.start();
    ASSERT_TRUE(until([&]() { return ready == 2; }));
    notify("again");
    ASSERT_TRUE(until([&]() { return heard.size() == 1; }));
    EXPECT_EQ(heard[0], "news:again");
}

TEST_F(ListenerTest, AChannelThatCannotBeIsTriedAgainQuietly) {
    Listener listener(loop.get_executor(), server.conninfo(), {"not a name"}, events());
    listener.start();
    ASSERT_TRUE(until([&]() { return lost >= 2; }));
    EXPECT_EQ(ready, 0);
}

}  // namespace
}  // namespace bb::db
