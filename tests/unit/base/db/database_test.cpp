#include <fmt/format.h>

#include "unit/base/db/loop.hpp"

namespace bb::db {
namespace {

using std::chrono::milliseconds;
using test::DatabaseTest;

/// Starts many coroutines side by side and waits for all.
Task<void> all(std::vector<Task<void>> tasks) {
    const auto executor = co_await net::this_executor();
    auto left = std::make_shared<std::size_t>(tasks.size());
    auto done = std::make_shared<net::Timer>(executor, net::Timer::time_point::max());
    for (auto& task : tasks)
        boost::asio::co_spawn(executor, std::move(task), [left, done](std::exception_ptr failed) {
            EXPECT_FALSE(failed) << "a task threw";
            if (--*left == 0) done->cancel();
        });
    if (*left > 0) co_await done->async_wait(use_task_tuple);
}

TEST_F(DatabaseTest, AnswersAStatement) {
    open();
    run([](Database& db) -> Task<void> {
        const Rows rows = co_await db.query("SELECT $1, $2", std::string("a"), 5);
        EXPECT_EQ(rows[0].get<std::string>(0), "a");
        EXPECT_EQ(rows[0].get<std::int32_t>(1), 5);
    });
}

Task<void> ask_for(Database& db, int n) {
    const Rows rows = co_await db.query("SELECT $1, repeat('x', $2)", n, n % 700);
    EXPECT_EQ(rows[0].get<std::int32_t>(0), n);
    EXPECT_EQ(rows[0].get<std::string>(1).size(), static_cast<std::size_t>(n % 700));
}

Task<void> divide_by_zero(Database& db) {
    bool refused = false;
    try {
        co_await db.query("SELECT 1 / $1", 0);
    } catch (const SqlError& failure) {
        refused = failure.sqlstate() == "22012";
    }
    EXPECT_TRUE(refused);
}

TEST_F(DatabaseTest, AThousandStatementsAtOnceEachGetTheirOwnAnswer) {
    Options options;
    options.pipelines = 2;
    options.queue = 2000;
    open(options);
    run([](Database& db) -> Task<void> {
        std::vector<Task<void>> tasks;
        for (int n = 0; n < 1000; ++n) tasks.push_back(n % 50 == 7 ? divide_by_zero(db) : ask_for(db, n));
        co_await all(std::move(tasks));
        EXPECT_EQ(db.load().statements, 0u);
    });
}

TEST_F(DatabaseTest, EveryConnectionHasItsLimits) {
    Options options;
    options.statement_timeout = milliseconds(4'000);
    open(options);
    constexpr const char* ask =
        "SELECT current_setting('statement_timeout'), current_setting('TimeZone'), "
        "current_setting('idle_in_transaction_session_timeout')";
    run([](Database& db) -> Task<void> {
        const auto expect_limits = [](const Rows& rows) {
            EXPECT_EQ(rows[0].get<std::string>(0), "4s");
            EXPECT_EQ(rows[0].get<std::string>(1), "UTC");
            EXPECT_EQ(rows[0].get<std::string>(2), "1min");
        };
        expect_limits(co_await db.query(ask));
        auto work = [&expect_limits](Transaction& tx) -> Task<void> {
            expect_limits(co_await tx.query(ask));
        };
        co_await db.transaction(work);
    });
}

/// Makes every commit wait for a standby that never comes.
class LonelyPrimary {
public:
    explicit LonelyPrimary(Session& session) : session_(session) { set("'nobody'"); }
    ~LonelyPrimary() { set("''"); }
    /// Cuts the waiting of the others short, as an operator might.
    void cancel_waits() {
        session_.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    }

private:
    void set(const std::string& names) {
        session_.query("ALTER SYSTEM SET synchronous_standby_names = " + names);
        session_.query("SELECT pg_reload_conf()");
    }
    Session& session_;
};

TEST_F(DatabaseTest, AWriteThatTheStandbyDidNotConfirmIsUnavailable) {
    session->script("CREATE TABLE lonely (n integer); SET synchronous_commit = local");
    open();
    LonelyPrimary primary(*session);
    run([this, &primary](Database& db) -> Task<void> {
        int unconfirmed = 0;
        bool over = false;
        const auto alone = [&db]() -> Task<void> {
            co_await db.query("INSERT INTO lonely VALUES (1)");
        };
        const auto together = [&db]() -> Task<void> {
            auto work = [](Transaction& tx) -> Task<void> {
                co_await tx.query("INSERT INTO lonely VALUES (2)");
            };
            co_await db.transaction(work);
        };
        // The server takes up its setting a moment later: the first ones may still go through.
        const auto until_unconfirmed = [&](auto write) -> Task<void> {
            for (const int before = unconfirmed; unconfirmed == before && !over;) {
                try {
                    co_await write();
                } catch (const Unavailable&) {
                    ++unconfirmed;
                }
            }
        };
        const auto both = [&]() -> Task<void> {
            co_await until_unconfirmed(alone);
            co_await until_unconfirmed(together);
            over = true;
        };
        const auto executor = co_await net::this_executor();
        net::spawn(executor, both());
        for (int i = 0; i < 1000 && !over; ++i) {
            primary.cancel_waits();
            co_await net::sleep_for(milliseconds(10));
        }
        EXPECT_TRUE(over);
        over = true;
        EXPECT_EQ(unconfirmed, 2);
        const Rows kinds = co_await db.query("SELECT count(DISTINCT n) FROM lonely");
        EXPECT_EQ(kinds[0].get<std::int64_t>(0), 2);
    });
}

TEST_F(DatabaseTest, AFullQueueIsUnavailable) {
    Options options;
    options.queue = 3;
    open(options);
    run([](Database& db) -> Task<void> {
        int refused = 0;
        const auto ask = [&]() -> Task<void> {
            try {
                co_await db.query("SELECT pg_sleep(0.2)");
            } catch (const Unavailable&) {
                ++refused;
            }
        };
        std::vector<Task<void>> tasks;
        for (int i = 0; i < 5; ++i) tasks.push_back(ask());
        co_await all(std::move(tasks));
        EXPECT_EQ(refused, 2);
    });
}

TEST_F(DatabaseTest, ParametersAndResultsOfManyMegabytesPass) {
    open();
    run([](Database& db) -> Task<void> {
        const std::string large(20 << 20, 'q');
        const Rows rows = co_await db.query("SELECT $1, length($1)", large);
        EXPECT_EQ(rows[0].get<std::int32_t>(1), 20 << 20);
        EXPECT_TRUE(rows[0].get<std::string_view>(0) == large);
    });
}

TEST_F(DatabaseTest, ManyLargeStatementsAtOnceDoNotDeadlock) {
    open();
    run([](Database& db) -> Task<void> {
        const auto echo = [&]() -> Task<void> {
            const std::string large(2 << 20, 'q');
            const Rows rows = co_await db.query("SELECT $1", large);
            EXPECT_EQ(rows[0].get<std::string_view>(0).size(), large.size());
        };
        std::vector<Task<void>> tasks;
        for (int i = 0; i < 12; ++i) tasks.push_back(echo());
        co_await all(std::move(tasks));
    });
}

TEST_F(DatabaseTest, ResultsOfManyRowsAreWhole) {
    open();
    run([](Database& db) -> Task<void> {
        const Rows rows = co_await db.query("SELECT n, repeat('y', 100) FROM generate_series(1, 50000) n");
        EXPECT_EQ(rows.size(), 50'000);
        EXPECT_EQ(rows[49'999].get<std::int32_t>(0), 50'000);
    });
}

TEST_F(DatabaseTest, ErrorsAreTypedAndLeaveTheConnectionUsable) {
    session->script(
        "DROP TABLE IF EXISTS kid, mum; CREATE TABLE mum(id int PRIMARY KEY);"
        "CREATE TABLE kid(id int CONSTRAINT kid_mum REFERENCES mum, n int CONSTRAINT kid_n CHECK (n > 0),"
        " u int CONSTRAINT kid_u UNIQUE); INSERT INTO kid(u) VALUES (1)");
    open();
    run([](Database& db) -> Task<void> {
        const auto pid = (co_await db.query("SELECT pg_backend_pid()"))[0].get<std::int32_t>(0);
        std::string constraints;
        for (int round = 0; round < 2; ++round) {
            try {
                co_await db.query("INSERT INTO kid(u) VALUES ($1)", 1);
            } catch (const UniqueViolation& failure) {
                constraints += failure.constraint() + " ";
            }
            try {
                co_await db.query("INSERT INTO kid(id) VALUES ($1)", 7);
            } catch (const ForeignKeyViolation& failure) {
                constraints += failure.constraint() + " ";
            }
            try {
                co_await db.query("INSERT INTO kid(n) VALUES ($1)", 0);
            } catch (const SqlError& failure) {
                constraints += failure.constraint() + " ";
            }
            try {
                co_await db.query("SELEKT");
            } catch (const SqlError& failure) {
                constraints += failure.sqlstate() + " ";
            }
        }
        EXPECT_EQ(constraints, "kid_u kid_mum kid_n 42601 kid_u kid_mum kid_n 42601 ");
        EXPECT_EQ((co_await db.query("SELECT pg_backend_pid()"))[0].get<std::int32_t>(0), pid);
    });
}

TEST_F(DatabaseTest, AStatementWhosePreparationFailedWorksLater) {
    session->script("DROP TABLE IF EXISTS late");
    open();
    run([](Database& db) -> Task<void> {
        const char* sql = "SELECT n FROM late";
        const auto fails = [&]() -> Task<void> {
            try {
                co_await db.query(sql);
                ADD_FAILURE();
            } catch (const SqlError& failure) {
                EXPECT_EQ(failure.sqlstate(), "42P01");
            }
        };
        // Side by side: the second use counts on the name that the first one failed to make.
        std::vector<Task<void>> tasks;
        tasks.push_back(fails());
        tasks.push_back(fails());
        co_await all(std::move(tasks));
        co_await db.query("CREATE TABLE late AS SELECT 5 AS n");
        EXPECT_EQ((co_await db.query(sql))[0].get<std::int32_t>(0), 5);
    });
}

TEST_F(DatabaseTest, AChangedTableGetsAFreshPlan) {
    session->script("DROP TABLE IF EXISTS wide; CREATE TABLE wide AS SELECT 1 AS a");
    open();
    run([this](Database& db) -> Task<void> {
        const char* sql = "SELECT * FROM wide";
        (void)co_await db.query(sql);
        session->script("ALTER TABLE wide ADD b int DEFAULT 2");
        const Rows rows = co_await db.query(sql);
        EXPECT_EQ(rows[0].get<std::int32_t>(1), 2);
    });
}

TEST_F(DatabaseTest, StatementTimeoutIsUnavailable) {
    Options options;
    options.statement_timeout = milliseconds(100);
    open(options);
    run([](Database& db) -> Task<void> {
        bool timed_out = false;
        try {
            co_await db.query("SELECT pg_sleep(5)");
        } catch (const Unavailable&) {
            timed_out = true;
        }
        EXPECT_TRUE(timed_out);
        co_await db.query("SELECT 1");
    });
}

TEST_F(DatabaseTest, AUrlTakesTheSameSettings) {
    Options options;
    options.conninfo = test::TemporaryPostgres::shared().url();
    options.statement_timeout = milliseconds(1234);
    database.emplace(loop.get_executor(), options);
    database->start();
    run([](Database& db) -> Task<void> {
        const bool ready = co_await db.wait_ready(std::chrono::seconds(5));
        EXPECT_TRUE(ready);
        const Rows rows = co_await db.query(
            "SELECT current_setting('statement_timeout'), current_setting('TimeZone'), "
            "current_setting('application_name')");
        EXPECT_EQ(rows[0].get<std::string>(0), "1234ms");
        EXPECT_EQ(rows[0].get<std::string>(1), "UTC");
        EXPECT_EQ(rows[0].get<std::string>(2), "brainbytes");
    });
}

TEST_F(DatabaseTest, NoServerIsUnavailableAndNotReady) {
    Options options;
    options.conninfo = "host=/nonexistent dbname=x";
    database.emplace(loop.get_executor(), options);
    database->start();
    run([](Database& db) -> Task<void> {
        const bool ready = co_await db.wait_ready(milliseconds(150));
        EXPECT_FALSE(ready);
        int refused = 0;
        try {
            co_await db.query("SELECT 1");
        } catch (const Unavailable&) {
            ++refused;
        }
        try {
            auto work = [](Transaction& tx) -> Task<void> {
                co_await tx.query("SELECT 1");
            };
            co_await db.transaction(work);
        } catch (const Unavailable&) {
            ++refused;
        }
        EXPECT_EQ(refused, 2);
    });
}

}  // namespace
}  // namespace bb::db
