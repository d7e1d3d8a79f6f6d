// The copying of the write-ahead log beside a server, on a real database.
#include "app/wal_runner.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

#include "app/installation.hpp"
#include "operations/safety/tools.hpp"
#include "operations/safety/wal_slot.hpp"
#include "unit/support/test_database.hpp"

namespace bb::app {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class LogRunner : public test::DatabaseTest {
protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("bb-log-" + crypto::random_token(6));
        fs::create_directories(folder_ / "data/run");
        fs::create_directories(place_folder());
        safety::make_backup_key(folder_ / "key");
        settings_.emplace(config::Config::load({}, folder_).value());
        settings_->set("BRAINBYTES_DATA", folder_ / "data", "test");
        settings_->set("BACKUP_TO", place_folder(), "test");
        superuser_.emplace(safety::with_database(cluster().superuser_conninfo(), "postgres"));
        safety::make_slot(*superuser_, place());
    }
    void TearDown() override {
        fs::permissions(place_folder(), fs::perms::owner_all);
        safety::drop_slot(*superuser_, place());
        fs::remove_all(folder_);
    }

    fs::path place_folder() const { return folder_ / "place"; }
    safety::Destination place() const { return destinations_of(*settings_).front(); }
    bool has_slot() { return safety::find_slot(*superuser_, place()).has_value(); }

    std::unique_ptr<WalRunner> run(metrics::Registry& metrics) const {
        auto installation = installation_of(*settings_, test::TestCluster::instance().conninfo());
        installation.wal_conninfo = superuser_->conninfo();
        return std::make_unique<WalRunner>(*settings_, std::move(installation),
                                           safety::read_backup_keys(folder_ / "key"), metrics);
    }

    static double lag(const metrics::Registry& metrics) {
        for (const auto& sample : metrics.snapshot())
            if (sample.name == "brainbytes_wal_lag_seconds") return sample.value;
        return std::numeric_limits<double>::quiet_NaN();
    }

    static bool becomes_true(const std::function<bool()>& what) {
        for (const auto deadline = std::chrono::steady_clock::now() + 40s;
             std::chrono::steady_clock::now() < deadline; std::this_thread::sleep_for(50ms))
            if (what()) return true;
        return false;
    }

    /// Writes so much more than is kept that PostgreSQL lets go of what the place lacks.
    void outrun() {
        superuser_->script("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
        superuser_->script("SELECT pg_reload_conf()");
        for (int segment = 0; segment < 5; ++segment)
            superuser_->script("SELECT pg_logical_emit_message(false, 'test', 'x'); SELECT pg_switch_wal()");
        superuser_->script("CHECKPOINT");
        superuser_->script("ALTER SYSTEM RESET max_slot_wal_keep_size");
        superuser_->script("SELECT pg_reload_conf()");
    }

    fs::path folder_;
    std::optional<config::Config> settings_;
    std::optional<db::Session> superuser_;
};

TEST_F(LogRunner, ALogThatNobodyKeepsAnyMoreGrowsOlder) {
    metrics::Registry metrics;
    const auto runner = run(metrics);
    ASSERT_TRUE(becomes_true([&] { return lag(metrics) < 5; }));
    safety::drop_slot(*superuser_, place());
    EXPECT_TRUE(becomes_true([&] { return lag(metrics) > 6; })) << lag(metrics);
}

TEST_F(LogRunner, ALogWithAGapGrowsOlderUntilItGoesOn) {
    metrics::Registry metrics;
    const auto runner = run(metrics);
    ASSERT_TRUE(becomes_true([&] { return lag(metrics) < 5; }));
    fs::permissions(place_folder(), fs::perms::none);
    outrun();
    ASSERT_TRUE(becomes_true([&] { return !has_slot(); })) << "it is given up";
    EXPECT_TRUE(becomes_true([&] { return lag(metrics) > 6; })) << lag(metrics);
    fs::permissions(place_folder(), fs::perms::owner_all);
    safety::make_slot(*superuser_, place());
    EXPECT_TRUE(becomes_true([&] { return lag(metrics) < 5; })) << lag(metrics);
}

TEST_F(LogRunner, WhoDoesNotReadKnowsNoAge) {
    metrics::Registry reading, waiting;
    auto first = run(reading);
    ASSERT_TRUE(becomes_true([&] { return lag(reading) < 5; }));
    const auto second = run(waiting);
    std::this_thread::sleep_for(3s);
    EXPECT_TRUE(std::isnan(lag(waiting)));
    first.reset();
    EXPECT_TRUE(becomes_true([&] { return lag(waiting) < 5; })) << "it takes over";
}

}  // namespace
}  // namespace bb::app
