#pragma once
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <optional>

#include "base/db/database.hpp"
#include "base/db/session.hpp"
#include "base/net/timer.hpp"
#include "unit/support/fake_upstream.hpp"
#include "unit/support/postgres.hpp"

namespace bb::test {

/// A test with a loop and a Database on the program's own PostgreSQL.
class DatabaseTest : public ::testing::Test {
protected:
    /// Opens the Database; options but for its address.
    db::Database& open(db::Options options = {}) {
        options.conninfo = TemporaryPostgres::shared().conninfo();
        database.emplace(loop.get_executor(), std::move(options));
        database->start();
        run([](db::Database& db) -> Task<void> {
            const bool ready = co_await db.wait_ready(std::chrono::seconds(10));
            EXPECT_TRUE(ready);
        });
        return *database;
    }

    /// Runs a coroutine that takes the Database to its end.
    template <class Work>
    void run(Work work, std::chrono::seconds limit = std::chrono::seconds(60)) {
        test::run(loop, work(*database), limit);
    }

    void SetUp() override { session.emplace(TemporaryPostgres::shared().conninfo()); }

    void TearDown() override {
        session.reset();
        database.reset();
        // Everything that was started must come to its end by itself.
        loop.restart();
        loop.run_for(std::chrono::seconds(8));
        EXPECT_TRUE(loop.stopped()) << "something keeps the loop alive";
    }

    boost::asio::io_context loop{1};
    std::optional<db::Database> database;
    std::optional<db::Session> session;  // for preparing and looking
};

}  // namespace bb::test
