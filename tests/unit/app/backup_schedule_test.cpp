// Backups that servers make by themselves, on a real database.
#include "app/backup_schedule.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "app/installation.hpp"
#include "operations/safety/check.hpp"
#include "operations/safety/drill_history.hpp"
#include "operations/safety/erasures.hpp"
#include "operations/safety/restore.hpp"
#include "services/audit/audit.hpp"
#include "unit/support/test_database.hpp"

namespace bb::app {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Nobody waits ten minutes here.
constexpr safety::Pace at_once{0s, 3600s, 3600s, 0s};

// The commands of a drill are given to the program that holds it, which is this one. They fail here.
const bool is_no_command = [] {
    std::ifstream words("/proc/self/cmdline");
    std::string program, word;
    std::getline(std::getline(words, program, '\0'), word, '\0');
    if (word == "backup") std::_Exit(1);
    return true;
}();

class Schedule : public test::DatabaseTest {
protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("bb-schedule-" + crypto::random_token(6));
        fs::create_directories(folder_ / "data/run");
        database().script("DELETE FROM backup_runs; DELETE FROM drills");
        key_ = folder_ / "key";
        safety::make_backup_key(key_);
    }
    void TearDown() override { fs::remove_all(folder_); }

    config::Config config(const std::string& backups) const {
        config::Config made = config::Config::load({}, folder_).value();
        made.set("BRAINBYTES_DATA", folder_ / "data", "test");
        made.set("BACKUP_TO", backups, "test");
        made.set("BACKUP_KEY_FILE", key_, "test");
        return made;
    }

    std::int64_t runs(const char* which) {
        return database()
            .query(std::string("SELECT count(*) FROM backup_runs WHERE ") + which)[0]
            .get<std::int64_t>(0);
    }

    db::Session& database() {
        if (!session_) session_.emplace(test::TestCluster::instance().conninfo());
        return *session_;
    }

    bool becomes_true(const std::function<bool()>& what) {
        for (const auto deadline = std::chrono::steady_clock::now() + 20s;
             std::chrono::steady_clock::now() < deadline; std::this_thread::sleep_for(20ms))
            if (what()) return true;
        return false;
    }

    fs::path folder_, key_;
    metrics::Registry metrics_;
    std::optional<db::Session> session_;
};

TEST_F(Schedule, OfTwoServersOneMakesTheBackupAndItIsWhole) {
    const auto settings = config(folder_ / "backups");
    const auto keys = safety::read_backup_keys(key_);
    const auto conninfo = test::TestCluster::instance().conninfo();
    {
        const BackupSchedule one(settings, installation_of(settings, conninfo), keys, metrics_, at_once,
                                 50ms);
        const BackupSchedule two(settings, installation_of(settings, conninfo), keys, metrics_, at_once,
                                 50ms);
        ASSERT_TRUE(becomes_true([&] { return runs("backup IS NOT NULL") > 0; }));
        std::this_thread::sleep_for(500ms);
    }
    EXPECT_EQ(runs("true"), 1) << "the next is due in a day";
    const safety::Destination place(folder_ / "backups");
    ASSERT_EQ(place.list().size(), 1u);
    const auto backup = place.find("latest").value();
    EXPECT_EQ(backup.manifest->reason, "scheduled");
    safety::check_backup(backup, safety::open_backup(backup, keys));
}

// The alarm for a backup that is late looks at this number alone.
TEST_F(Schedule, TheAgeIsThatOfTheNewestBackupOfAnyMethodThatIsNotDamaged) {
    auto settings = config(folder_ / "backups");
    settings.set("BACKUP_EVERY_HOURS", "0", "test");
    settings.set("BACKUP_PHYSICAL_EVERY_DAYS", "0", "test");
    const auto note = [&](const char* ago, const char* reason, const char* id) {
        database().query(
            "INSERT INTO backup_runs (id, started_at, reason, backup, bytes, seconds) "
            "VALUES (gen_random_uuid(), now() - $1::text::interval, $2, $3, 1, 1)",
            ago, reason, id);
    };
    const auto age = [&]() -> double {
        metrics::Registry metrics;
        const BackupSchedule schedule(settings,
                                      installation_of(settings, test::TestCluster::instance().conninfo()),
                                      safety::read_backup_keys(key_), metrics, at_once, 10ms);
        double value = std::nan("");
        becomes_true([&] {
            for (const auto& sample : metrics.snapshot())
                if (sample.name == "brainbytes_backup_age_seconds") value = sample.value;
            return !std::isnan(value);
        });
        return value;
    };
    note("40 hours", "scheduled", "20261124T120000Z-aaaaaa");
    EXPECT_NEAR(age(), 40 * 3600, 100);
    note("2 hours", "scheduled (physical)", "20261126T100000Z-bbbbbb");
    EXPECT_NEAR(age(), 2 * 3600, 100) << "a fresh physical one is enough";
    note("1 hour", "scheduled (physical) (elsewhere)", "20261126T110000Z-cccccc");
    EXPECT_NEAR(age(), 2 * 3600, 100);
    fs::create_directories(folder_ / "backups/20261126T100000Z-bbbbbb");
    std::ofstream(folder_ / "backups/20261126T100000Z-bbbbbb/manifest.json") << "{}";
    EXPECT_NEAR(age(), 40 * 3600, 100) << "one that cannot be read is none";
    // The older one is in no folder of this machine: where there is no other machine, it has gone.
    const std::vector<safety::Destination> places = {safety::Destination(folder_ / "backups")};
    EXPECT_TRUE(safety::NewestWhole(places, false).began(database()));
    EXPECT_FALSE(safety::NewestWhole(places, true).began(database()));
}

TEST_F(Schedule, AFailureIsNotedAndNotTriedAgainAtOnce) {
    const auto settings = config("/proc/backups");
    const BackupSchedule schedule(settings,
                                  installation_of(settings, test::TestCluster::instance().conninfo()),
                                  safety::read_backup_keys(key_), metrics_, at_once, 50ms);
    ASSERT_TRUE(
        becomes_true([&] { return runs("fault LIKE 'Backups cannot be kept in /proc/backups%'") > 0; }));
    std::this_thread::sleep_for(500ms);
    EXPECT_EQ(runs("true"), 1);
}

TEST_F(Schedule, AStopEndsABackupThatWaitsForSomebodyElsesLock) {
    const auto settings = config(folder_ / "backups");
    database().script("BEGIN; LOCK TABLE subjects IN ACCESS EXCLUSIVE MODE");
    auto stopped_in = 0ms;
    {
        const BackupSchedule schedule(settings,
                                      installation_of(settings, test::TestCluster::instance().conninfo()),
                                      safety::read_backup_keys(key_), metrics_, at_once, 50ms);
        ASSERT_TRUE(becomes_true([&] {
            if (!fs::exists(folder_ / "backups")) return false;
            for (const auto& entry : fs::directory_iterator(folder_ / "backups"))
                if (entry.path().filename().string().starts_with(".unfinished")) return true;
            return false;
        }));
        std::this_thread::sleep_for(300ms);
        stopped_in = std::chrono::milliseconds(std::chrono::steady_clock::now().time_since_epoch() / 1ms);
    }
    stopped_in =
        std::chrono::milliseconds(std::chrono::steady_clock::now().time_since_epoch() / 1ms) - stopped_in;
    database().script("ROLLBACK");
    EXPECT_LT(stopped_in, 8s);
    EXPECT_EQ(runs("true"), 0) << "a stop is no failure";
    EXPECT_TRUE(safety::Destination(folder_ / "backups").list().empty());
}

TEST_F(Schedule, WhoIsErasedIsNotedBesidePhysicalBackupsAlone) {
    auto settings = config(folder_ / "backups");
    settings.set("BACKUP_EVERY_HOURS", "0", "test");
    settings.set("BACKUP_PHYSICAL_EVERY_DAYS", "0", "test");
    const safety::Destination place(folder_ / "backups");
    place.prepare();
    database().script(
        "INSERT INTO backup_runs (id, started_at, reason, backup, bytes, seconds) VALUES "
        "(gen_random_uuid(), now(), 'asked for (physical)', '20261126T120000Z-aaaaaa', 1, 1)");
    const auto gone = Uuid::make();
    await(audit::record(db(), {audit::by_operator(), "account.erased", "person", gone.text()}));
    const BackupSchedule schedule(settings,
                                  installation_of(settings, test::TestCluster::instance().conninfo()),
                                  safety::read_backup_keys(key_), metrics_, at_once, 50ms);
    EXPECT_TRUE(becomes_true([&] { return safety::erased_beside(place).count(gone) == 1; }));
}

TEST_F(Schedule, ADrillThatBroughtNothingBackShowsNoTimes) {
    safety::DrillResult failed;
    failed.scenario = "lost-host";
    failed.started_at = now();
    failed.checks = {{"restore", false, "the backup is damaged"}};
    safety::note_drill(database(), failed);
    const auto past = safety::past_drills(database(), 1);
    ASSERT_EQ(past.size(), 1u);
    EXPECT_FALSE(past[0].rto_seconds || past[0].rpo_seconds || past[0].good);
    const auto settings = config(folder_ / "backups");
    const BackupSchedule schedule(settings,
                                  installation_of(settings, test::TestCluster::instance().conninfo()),
                                  safety::read_backup_keys(key_), metrics_, at_once, 50ms);
    const auto value = [&](std::string_view name) {
        for (const auto& sample : metrics_.snapshot())
            if (sample.name == name) return sample.value;
        return 0.0;
    };
    ASSERT_TRUE(becomes_true([&] { return value("brainbytes_drill_good") == 0; }));
    EXPECT_TRUE(std::isnan(value("brainbytes_drill_rto_seconds")));
    EXPECT_TRUE(std::isnan(value("brainbytes_drill_rpo_seconds")));
}

TEST_F(Schedule, ADrillThatIsDueIsHeldAndStandsInTheHistoryOnce) {
    ASSERT_TRUE(is_no_command);
    const auto settings = config(folder_ / "backups");
    constexpr safety::Pace drills_too{0s, 3600s, 0s, 0s};
    const auto before = now();
    {
        const BackupSchedule schedule(settings,
                                      installation_of(settings, test::TestCluster::instance().conninfo()),
                                      safety::read_backup_keys(key_), metrics_, drills_too, 50ms);
        ASSERT_TRUE(becomes_true([&] { return !safety::past_drills(database(), 1).empty(); }));
        std::this_thread::sleep_for(500ms);
    }
    const auto past = safety::past_drills(database(), 10);
    ASSERT_EQ(past.size(), 1u) << "the next is due in a month";
    EXPECT_EQ(past[0].scenario, "lost-host");
    EXPECT_EQ(past[0].backup, safety::Destination(folder_ / "backups").find("latest").value().id);
    EXPECT_GE(past[0].started_at, before);
    EXPECT_FALSE(past[0].good);
    EXPECT_NE(past[0].checks.find("\"restore\""), std::string::npos) << past[0].checks;
}

TEST_F(Schedule, ADrillOfATimeToComeHoldsUpNone) {
    safety::DrillResult past, coming;
    past.scenario = coming.scenario = "lost-host";
    past.started_at = now() - 48h;
    coming.started_at = now() + 24h * 90;
    for (const auto* one : {&past, &coming}) safety::note_drill(database(), *one);
    auto known = safety::past_drills(database(), 10);
    ASSERT_EQ(known.size(), 1u) << "a clock was ahead";
    EXPECT_EQ(known[0].started_at, past.started_at);
    known = await(safety::past_drills(db(), 10));
    ASSERT_EQ(known.size(), 1u);
    EXPECT_FALSE(safety::is_drill_late(known[0].started_at));
}

/// A port where connections are taken and nothing is ever said.
class SilentPort {
public:
    SilentPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size);
        ::listen(socket_, 100);
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
        url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    }
    ~SilentPort() { ::close(socket_); }
    SilentPort(const SilentPort&) = delete;

    std::string url;

private:
    int socket_;
};

TEST_F(Schedule, AStopDoesNotWaitForABucketThatHangs) {
    const SilentPort silent;
    auto settings = config("s3://school-backups/here");
    settings.set("S3_ENDPOINT", silent.url, "test");
    settings.set("S3_ACCESS_KEY_ID", "id", "test");
    settings.set("S3_SECRET_ACCESS_KEY", "secret", "test");
    auto schedule = std::make_unique<BackupSchedule>(
        settings, installation_of(settings, test::TestCluster::instance().conninfo()),
        safety::read_backup_keys(key_), metrics_, at_once, 50ms);
    std::this_thread::sleep_for(1s);
    const auto started = std::chrono::steady_clock::now();
    schedule.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - started, 30s)
        << "its silence alone lasts longer, several times";
    EXPECT_EQ(runs("true"), 0) << "a stop is no failure";
}

TEST_F(Schedule, ABucketThatIsAwayIsAFailureAndTheFolderHasItsBackupAllTheSame) {
    auto settings = config("s3://school-backups/here," + (folder_ / "backups").string() + "?keep=1/0/0");
    settings.set("S3_ENDPOINT", "http://127.0.0.1:9", "test");
    settings.set("S3_ACCESS_KEY_ID", "id", "test");
    settings.set("S3_SECRET_ACCESS_KEY", "secret", "test");
    const BackupSchedule schedule(settings,
                                  installation_of(settings, test::TestCluster::instance().conninfo()),
                                  safety::read_backup_keys(key_), metrics_, at_once, 50ms);
    const auto noted = [&] {
        return runs("fault LIKE 'The backup % is not everywhere. s3://school-backups/here: %'") > 0;
    };
    // A failed connection is tried again for some seconds.
    EXPECT_TRUE(becomes_true(noted) || becomes_true(noted) || becomes_true(noted));
    EXPECT_EQ(runs("backup IS NOT NULL"), 0) << "the age goes on growing";
    EXPECT_EQ(safety::Destination(folder_ / "backups").list().size(), 1u);
}

}  // namespace
}  // namespace bb::app
