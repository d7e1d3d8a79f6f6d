#pragma once
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>

#include "base/core/crypto.hpp"
#include "base/core/privileges.hpp"
#include "base/db/cluster.hpp"
#include "base/db/database.hpp"
#include "base/db/migrate.hpp"
#include "base/db/session.hpp"

namespace bb::test {

/// A throw-away PostgreSQL with the whole schema, started when the first test of the program asks and gone
/// with the program. As root the whole test program becomes an unprivileged account: PostgreSQL refuses root.
class TestCluster {
public:
    static TestCluster& instance() {
        static TestCluster cluster;
        return cluster;
    }
    ~TestCluster() {
        cluster_.reset();
        std::filesystem::remove_all(folder_);
    }

    std::string conninfo() const { return cluster_->conninfo(); }
    std::string superuser_conninfo() const { return cluster_->superuser_conninfo(); }

    /// Runs a script on a connection of its own: what another node or an operator would do.
    void script(const std::string& sql) { db::Session(conninfo()).script(sql); }

private:
    TestCluster() {
        crypto::initialize();
        if (privileges::is_root()) privileges::drop_to(privileges::unprivileged_for("/nonexistent"));
        char folder[] = "/tmp/bb-unit-XXXXXX";
        if (mkdtemp(folder) == nullptr) throw std::runtime_error("no temporary folder");
        folder_ = folder;
        db::ManagedCluster::Options options;
        options.data = folder_;
        options.durable = false;
        cluster_.emplace(std::move(options));
        db::Session session(conninfo());
        const auto ignore = [](const db::Migration&) {
        };
        db::Migrator(session, embedded::embedded_migrations()).migrate(ignore, db::Phases::all).value();
    }

    std::string folder_;
    std::optional<db::ManagedCluster> cluster_;
};

/// A test with a database of its own connections on its own loop. Tables are emptied before each test.
class DatabaseTest : public ::testing::Test {
protected:
    DatabaseTest() : cluster_(TestCluster::instance()) {
        cluster_.script(
            "DELETE FROM users; DELETE FROM sign_in_codes; DELETE FROM setup_links; "
            "DELETE FROM github_sign_ins; DELETE FROM identity_claims; DELETE FROM secret_keys; "
            "DELETE FROM mail_queue; DELETE FROM bouncing_addresses");
        db::Options options;
        options.conninfo = cluster_.conninfo();
        db_.emplace(loop_.get_executor(), options);
        db_->start();
        EXPECT_TRUE(await(db_->wait_ready(std::chrono::seconds(10))));
    }

    /// Runs the loop until `task` is done and returns or throws what it does.
    template <class T>
    T await(Task<T> task) {
        std::exception_ptr failed;
        if constexpr (std::is_void_v<T>) {
            bool done = false;
            boost::asio::co_spawn(loop_.get_executor(), std::move(task), [&](std::exception_ptr error) {
                failed = error;
                done = true;
            });
            while (!done && loop_.run_one() > 0) continue;
            if (failed) std::rethrow_exception(failed);
        } else {
            std::optional<T> result;
            boost::asio::co_spawn(loop_.get_executor(), std::move(task),
                                  [&](std::exception_ptr error, T value) {
                                      failed = error;
                                      if (!error) result.emplace(std::move(value));
                                  });
            while (!result && !failed && loop_.run_one() > 0) continue;
            if (failed) std::rethrow_exception(failed);
            return std::move(*result);
        }
    }

    /// Lets background work of the loop go on for a while.
    void let_run(std::chrono::milliseconds time) { loop_.run_for(time); }
    /// The same until `done()`, for some seconds at most.
    template <class Done>
    void let_run_until(Done done) {
        for (int i = 0; i < 500 && !done(); ++i) let_run(std::chrono::milliseconds(20));
    }

    Executor executor() { return loop_.get_executor(); }
    db::Database& db() { return *db_; }
    TestCluster& cluster() { return cluster_; }

private:
    TestCluster& cluster_;
    boost::asio::io_context loop_{1};
    std::optional<db::Database> db_;
};

}  // namespace bb::test
