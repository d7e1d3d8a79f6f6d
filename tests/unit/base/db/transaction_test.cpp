#include "unit/base/db/loop.hpp"

namespace bb::db {
namespace {

using std::chrono::milliseconds;

class TransactionTest : public test::DatabaseTest {
protected:
    void SetUp() override {
        DatabaseTest::SetUp();
        session->script("DROP TABLE IF EXISTS notes; CREATE TABLE notes(n int CONSTRAINT notes_n UNIQUE)");
    }
    std::int64_t count() { return session->query("SELECT count(*) FROM notes")[0].get<std::int64_t>(0); }
};

TEST_F(TransactionTest, CommitsAndGivesTheResultBack) {
    open();
    run([](Database& db) -> Task<void> {
        auto work = [](Transaction& tx) -> Task<std::string> {
            co_await tx.query("INSERT INTO notes VALUES ($1)", 1);
            const Rows rows = co_await tx.query("SELECT count(*) FROM notes");
            EXPECT_EQ(rows[0].get<std::int64_t>(0), 1);
            co_return "done";
        };
        EXPECT_EQ(co_await db.transaction(work), "done");
    });
    EXPECT_EQ(count(), 1);
}

TEST_F(TransactionTest, UsesItsConnectionAgain) {
    Options options;
    options.transactions = 1;
    open(options);
    run([](Database& db) -> Task<void> {
        auto work = [](Transaction& tx) -> Task<std::int32_t> {
            const Rows rows = co_await tx.query("SELECT pg_backend_pid()");
            co_return rows[0].get<std::int32_t>(0);
        };
        auto failing = [](Transaction& tx) -> Task<void> {
            co_await tx.query("SELECT 1");
            throw std::runtime_error("on purpose");
        };
        const auto first = co_await db.transaction(work);
        bool failed = false;
        try {
            co_await db.transaction(failing);
        } catch (const std::runtime_error&) {
            failed = true;
        }
        EXPECT_TRUE(failed);
        EXPECT_EQ(co_await db.transaction(work), first);
        EXPECT_EQ(db.load().transactions, 0u);
    });
}

TEST_F(TransactionTest, AnExceptionRollsBack) {
    open();
    run([](Database& db) -> Task<void> {
        auto work = [](Transaction& tx) -> Task<void> {
            co_await tx.query("INSERT INTO notes VALUES (1)");
            throw std::out_of_range("on purpose");
        };
        bool passed_on = false;
        try {
            co_await db.transaction(work);
        } catch (const std::out_of_range&) {
            passed_on = true;
        }
        EXPECT_TRUE(passed_on);
    });
    EXPECT_EQ(count(), 0);
}

TEST_F(TransactionTest, CommitAfterASwallowedFailureIsAnError) {
    open();
    run([](Database& db) -> Task<void> {
        auto work = [](Transaction& tx) -> Task<void> {
            co_await tx.query("INSERT INTO notes VALUES (1)");
            try {
                co_await tx.query("SELECT 1 / 0");
            } catch (const SqlError&) {
            }
            try {
                // Its preparation is refused too; the name must not be taken for prepared later on.
                co_await tx.query("SELECT 'first seen in an aborted transaction'");
            } catch (const SqlError& failure) {
                EXPECT_EQ(failure.sqlstate(), "25P02");
            }
        };
        std::string state;
        try {
            co_await db.transaction(work);
        } catch (const SqlError& failure) {
            state = failure.sqlstate();
        }
        EXPECT_EQ(state, "25P02");
        auto again = [](Transaction& tx) -> Task<void> {
            co_await tx.query("SELECT 'first seen in an aborted transaction'");
        };
        co_await db.transaction(again);
    });
    EXPECT_EQ(count(), 0);
}

TEST_F(TransactionTest, ALostConnectionIsUnavailableAndReplaced) {
    Options options;
    options.transactions = 1;
    open(options);
    run([this](Database& db) -> Task<void> {
        auto work = [this](Transaction& tx) -> Task<void> {
            co_await tx.query("INSERT INTO notes VALUES (1)");
            const Rows rows = co_await tx.query("SELECT pg_backend_pid()");
            session->query("SELECT pg_terminate_backend($1)", rows[0].get<std::int32_t>(0));
            co_await tx.query("INSERT INTO notes VALUES (2)");
        };
        bool lost = false;
        try {
            co_await db.transaction(work);
        } catch (const Unavailable&) {
            lost = true;
        }
        EXPECT_TRUE(lost);
        auto next = [](Transaction& tx) -> Task<void> {
            co_await tx.query("INSERT INTO notes VALUES (3)");
        };
        co_await db.transaction(next);
    });
    EXPECT_EQ(count(), 1);
}

TEST_F(TransactionTest, ADeferredConstraintFailsTheCommit) {
    session->script(
        "DROP TABLE notes; CREATE TABLE notes(n int CONSTRAINT notes_n UNIQUE DEFERRABLE INITIALLY "
        "DEFERRED)");
    open();
    run([](Database& db) -> Task<void> {
        auto work = [](Transaction& tx) -> Task<void> {
            co_await tx.query("INSERT INTO notes VALUES (1)");
            co_await tx.query("INSERT INTO notes VALUES (1)");
        };
        std::string constraint;
        try {
            co_await db.transaction(work);
        } catch (const UniqueViolation& failure) {
            constraint = failure.constraint();
        }
        EXPECT_EQ(constraint, "notes_n");
    });
    EXPECT_EQ(count(), 0);
}

TEST_F(TransactionTest, MoreThanConnectionsWaitTheirTurn) {
    Options options;
    options.transactions = 2;
    options.application = "counted";
    open(options);
    int done = 0;
    run([&done](Database& db) -> Task<void> {
        const auto executor = co_await net::this_executor();
        const auto one = [&](int n) -> Task<void> {
            auto work = [n](Transaction& tx) -> Task<void> {
                co_await tx.query("INSERT INTO notes VALUES ($1)", n);
                co_await tx.query("SELECT pg_sleep(0.005)");
            };
            co_await db.transaction(work);
            ++done;
        };
        for (int n = 0; n < 40; ++n) net::spawn(executor, one(n));
        while (done < 40) co_await net::sleep_for(milliseconds(5));
        const Rows rows =
            co_await db.query("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'counted'");
        EXPECT_LE(rows[0].get<std::int64_t>(0), 3);
    });
    EXPECT_EQ(count(), 40);
}

TEST_F(TransactionTest, WaitingIsBoundedInNumberAndTime) {
    Options options;
    options.transactions = 1;
    options.waiting = 1;
    options.acquire_timeout = milliseconds(100);
    open(options);
    run([](Database& db) -> Task<void> {
        const auto executor = co_await net::this_executor();
        int finished = 0, refused = 0;
        const auto one = [&]() -> Task<void> {
            auto work = [](Transaction& tx) -> Task<void> {
                co_await tx.query("SELECT pg_sleep(0.6)");
            };
            try {
                co_await db.transaction(work);
                ++finished;
            } catch (const Unavailable&) {
                ++refused;
            }
        };
        for (int n = 0; n < 3; ++n) net::spawn(executor, one());
        co_await net::sleep_for(milliseconds(50));
        EXPECT_EQ(refused, 1);  // the queue is full
        co_await net::sleep_for(milliseconds(200));
        EXPECT_EQ(refused, 2);  // waited too long
        while (finished < 1) co_await net::sleep_for(milliseconds(10));
        auto next = [](Transaction& tx) -> Task<void> {
            co_await tx.query("SELECT 1");
        };
        co_await db.transaction(next);
    });
}

TEST_F(TransactionTest, TwoThatLockEachOtherAreToldApart) {
    session->script("INSERT INTO notes VALUES (1), (2)");
    session->script("ALTER SYSTEM SET deadlock_timeout = '50ms'");
    session->query("SELECT pg_reload_conf()");
    open();
    run([](Database& db) -> Task<void> {
        const auto executor = co_await net::this_executor();
        int ended = 0, lost = 0, holding = 0;
        const auto one = [&](int first, int second) -> Task<void> {
            auto work = [&holding, first, second](Transaction& tx) -> Task<void> {
                co_await tx.query("SELECT n FROM notes WHERE n = $1 FOR UPDATE", first);
                ++holding;
                for (int i = 0; i < 1000 && holding < 2; ++i) co_await net::sleep_for(milliseconds(10));
                co_await tx.query("SELECT n FROM notes WHERE n = $1 FOR UPDATE", second);
            };
            try {
                co_await db.transaction(work);
            } catch (const SerializationFailure&) {
                ++lost;
            }
            ++ended;
        };
        net::spawn(executor, one(1, 2));
        net::spawn(executor, one(2, 1));
        while (ended < 2) co_await net::sleep_for(milliseconds(10));
        EXPECT_EQ(lost, 1);
    });
}

TEST_F(TransactionTest, ClosingInTheMiddleLeaksNothing) {
    open();
    loop.restart();
    net::spawn(loop.get_executor(), [](Database& db) -> Task<void> {
        auto work = [](Transaction& tx) -> Task<void> {
            co_await tx.query("SELECT pg_sleep(0.3)");
        };
        co_await db.transaction(work);
    }(*database));
    loop.run_for(milliseconds(100));
    // Its owner ends the loop before the parts that run on it; what still waits is destroyed with the loop.
}

}  // namespace
}  // namespace bb::db
