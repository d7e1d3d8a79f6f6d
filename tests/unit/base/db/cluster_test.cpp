#include "base/db/cluster.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "base/db/cluster_binaries.hpp"
#include "base/db/cluster_log.hpp"
#include "base/db/cluster_process.hpp"
#include "base/db/cluster_settings.hpp"
#include "base/db/home.hpp"
#include "base/db/session.hpp"
#include "unit/support/unprivileged.hpp"

namespace bb::db {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

ManagedCluster open(const fs::path& data, bool durable = false) {
    ManagedCluster::Options options;
    options.data = data;
    options.durable = durable;
    return ManagedCluster(std::move(options));
}

/// Copies a cluster made once for all tests, which is faster than making one.
void prepare(const fs::path& data) {
    static const test::Folder model;
    static const bool made = test::as_unprivileged(model.path, [] { open(model.path); });
    if (!made) throw std::runtime_error("the model cluster could not be made");
    const bool copied = test::as_unprivileged(
        data, [&] { fs::copy(model.path / "postgres", data / "postgres", fs::copy_options::recursive); });
    if (!copied) throw std::runtime_error("the model cluster could not be copied");
}

/// Waits up to ten seconds.
template <class Condition>
bool eventually(Condition condition) {
    for (int i = 0; i < 1000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
}

std::string why_not(const std::function<void()>& work) {
    try {
        work();
    } catch (const std::exception& failure) {
        return failure.what();
    }
    return {};
}

bool answers(const std::string& conninfo) {
    try {
        Session session(conninfo);
        return session.query("SELECT 1")[0].get<int>(0) == 1;
    } catch (const std::exception&) {
        return false;
    }
}

void write(const fs::path& file, const std::string& text) {
    std::ofstream(file) << text;
}

TEST(ChooseBinaries, TakesTheNewestForANewClusterAndTheSameForAnOldOne) {
    const std::vector<Binaries> installed = {{17, "/17"}, {15, "/15"}, {13, "/13"}};
    EXPECT_EQ(choose_binaries(installed, std::nullopt, "/data").major, 17);
    EXPECT_EQ(choose_binaries(installed, 15, "/data").folder, "/15");
    EXPECT_THROW(choose_binaries({{13, "/13"}}, std::nullopt, "/data"), std::runtime_error);
    const auto why = why_not([&] { choose_binaries(installed, 16, "/data"); });
    EXPECT_NE(why.find("PostgreSQL 16"), std::string::npos);
    EXPECT_NE(why.find("postgresql-16"), std::string::npos);
    EXPECT_NE(why.find("17, 15, 13"), std::string::npos);
}

TEST(ClusterSettings, FitTheMachine) {
    const auto small = cluster_conf({512, 1}, "/run/x");
    EXPECT_NE(small.find("shared_buffers = 32MB"), std::string::npos);
    EXPECT_NE(small.find("listen_addresses = ''"), std::string::npos);
    EXPECT_NE(small.find("fsync = on"), std::string::npos);
    const auto large = cluster_conf({65536, 64}, "/run/it's");
    EXPECT_NE(large.find("shared_buffers = 128MB"), std::string::npos);
    EXPECT_NE(large.find("max_connections = 300"), std::string::npos);
    EXPECT_NE(large.find("'/run/it''s'"), std::string::npos);
    EXPECT_EQ(large.find("pg_stat_statements"), std::string::npos);
    const auto counting = cluster_conf({65536, 64}, "/run/x", true);
    const auto preloaded = counting.find("\nshared_preload_libraries = 'pg_stat_statements'\n");
    EXPECT_LT(preloaded, counting.find("include_if_exists")) << "the operator's own comes last";
    EXPECT_GE(this_machine().cores, 1);
    EXPECT_GT(this_machine().memory_mib, 100u);
}

TEST(SocketFolder, StaysInsideTheDataFolderUnlessThePathIsTooLong) {
    crypto::initialize();
    EXPECT_EQ(socket_folder("/srv/data"), "/srv/data/run");
    const fs::path longest = "/" + std::string(88, 'x');  // with /run/.s.PGSQL.5432: 107 bytes
    EXPECT_EQ(socket_folder(longest), longest / "run");
    const fs::path too_long = "/" + std::string(89, 'x');
    const auto instead = socket_folder(too_long);
    EXPECT_EQ(instead.parent_path(), "/tmp");
    EXPECT_EQ(instead, socket_folder(too_long));
    fs::permissions(instead, fs::perms::all);
    EXPECT_THROW(socket_folder(too_long), std::runtime_error);
    fs::remove(instead);
}

TEST(ClusterLog, IsCutWhenItGrows) {
    const test::Folder folder;
    const auto file = folder.path / "postgres.log";
    std::string text(5 * 1024 * 1024, 'x');
    write(file, text.append("the end"));
    bound_log(file);
    EXPECT_EQ(fs::file_size(file), 0u);
    EXPECT_EQ(fs::file_size(folder.path / "postgres.log.1"), 1024u * 1024u);
    write(file, "short");
    bound_log(file);
    EXPECT_EQ(end_of_log(file), "short");
}

TEST(ManagedCluster, RefusesRoot) {
    if (!privileges::is_root()) GTEST_SKIP() << "needs root";
    const test::Folder folder;
    EXPECT_NE(why_not([&] { open(folder.path); }).find("root"), std::string::npos);
}

TEST(ManagedCluster, IsMadeStartedStoppedAndStartedAgain) {
    const test::Folder folder;
    EXPECT_TRUE(test::as_unprivileged(folder.path, [&] {
        {
            auto cluster = open(folder.path);
            EXPECT_FALSE(cluster.adopted());
            Session session(cluster.conninfo());
            EXPECT_EQ(session.query("SHOW data_checksums")[0].get<std::string>(0), "on");
            EXPECT_EQ(session.query("SHOW server_encoding")[0].get<std::string>(0), "UTF8");
            EXPECT_EQ(session.query("SHOW listen_addresses")[0].get<std::string>(0), "");
            EXPECT_EQ(session.query("SELECT lower('Ñ')")[0].get<std::string>(0), "ñ");
            EXPECT_EQ(
                session.query("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")[0].get<bool>(0),
                false);
            session.script("CREATE TABLE kept (id integer)");
            EXPECT_TRUE(answers(cluster.superuser_conninfo()));
            EXPECT_EQ(fs::status(folder.path / "postgres").permissions(), fs::perms::owner_all);
        }
        EXPECT_TRUE(processes_in(folder.path / "postgres").empty());
        auto cluster = open(folder.path);
        Session(cluster.conninfo()).script("DROP TABLE kept");
    }));
}

TEST(ManagedCluster, RunsUntilItsLastUserLetsGo) {
    const test::Folder folder;
    prepare(folder.path);
    EXPECT_TRUE(test::as_unprivileged(folder.path, [&] {
        auto first = open(folder.path);
        auto second = open(folder.path);
        EXPECT_TRUE(second.adopted());
        EXPECT_EQ(first.pid(), second.pid());
        EXPECT_FALSE(first.stop());
        EXPECT_TRUE(answers(second.conninfo()));
        EXPECT_TRUE(second.stop());
        EXPECT_FALSE(answers(second.conninfo()));
    }));
}

TEST(ManagedCluster, IsTakenOverWhenItsStarterWasKilled) {
    const test::Folder folder;
    prepare(folder.path);
    EXPECT_FALSE(test::as_unprivileged(folder.path, [&] {
        auto cluster = open(folder.path);
        Session(cluster.conninfo()).script("CREATE TABLE kept (id integer)");
        kill(getpid(), SIGKILL);
    }));
    EXPECT_TRUE(test::as_unprivileged(folder.path, [&] {
        auto cluster = open(folder.path);
        EXPECT_TRUE(cluster.adopted());
        Session(cluster.conninfo()).script("DROP TABLE kept");
        EXPECT_TRUE(cluster.stop());
        EXPECT_TRUE(processes_in(folder.path / "postgres").empty());
    }));
}

TEST(ManagedCluster, RecoversAfterEverythingWasKilled) {
    const test::Folder folder;
    prepare(folder.path);
    EXPECT_TRUE(test::as_unprivileged(folder.path, [&] {
        auto cluster = open(folder.path, true);
        Session(cluster.conninfo()).script("CREATE TABLE kept (id integer)");
        const auto pids = processes_in(folder.path / "postgres");
        for (const pid_t pid : pids) kill(pid, SIGKILL);
        // A killed process is there until the kernel has cleared it away.
        for (const pid_t pid : pids)
            for (int i = 0; i < 500 && is_alive(pid); ++i)
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
        std::_Exit(0);
    }));
    ASSERT_TRUE(fs::exists(folder.path / "postgres/postmaster.pid"));
    EXPECT_TRUE(test::as_unprivileged(folder.path, [&] {
        auto cluster = open(folder.path);
        EXPECT_FALSE(cluster.adopted());
        Session(cluster.conninfo()).script("DROP TABLE kept");
    }));
}

TEST(ManagedCluster, IsNotFooledByAPidThatBelongsToAnotherProcess) {
    const test::Folder folder;
    prepare(folder.path);
    EXPECT_TRUE(test::as_unprivileged(folder.path, [&] {
        open(folder.path);
        const pid_t other = fork();
        if (other == 0) {
            pause();
            std::_Exit(0);
        }
        write(folder.path / "postgres/postmaster.pid",
              fmt::format("{}\n{}\n1\n5432\n{}\n\n1 1\nready\n", other, (folder.path / "postgres").string(),
                          (folder.path / "run").string()));
        auto cluster = open(folder.path);
        EXPECT_FALSE(cluster.adopted());
        EXPECT_TRUE(answers(cluster.conninfo()));
        kill(other, SIGKILL);
    }));
}

TEST(ManagedCluster, IsStartedAgainWhenItDies) {
    const test::Folder folder;
    prepare(folder.path);
    EXPECT_TRUE(test::as_unprivileged(folder.path, [&] {
        auto cluster = open(folder.path);
        cluster.supervise();
        const int first = cluster.pid();
        for (const pid_t pid : processes_in(folder.path / "postgres")) kill(pid, SIGKILL);
        EXPECT_TRUE(eventually([&] { return cluster.pid() != first && answers(cluster.conninfo()); }));
    }));
}

TEST(ManagedCluster, StopsAlsoWhileTheDatabaseDoesNotComeBack) {
    const test::Folder folder;
    prepare(folder.path);
    EXPECT_TRUE(test::as_unprivileged(folder.path, [&] {
        auto cluster = open(folder.path);
        cluster.supervise();
        const int first = cluster.pid();
        write(folder.path / "postgres/local.conf",
              "restore_command = 'while test -e postmaster.pid; do sleep 0.1; done; false'\n");
        write(folder.path / "postgres/recovery.signal", "");
        for (const pid_t pid : processes_in(folder.path / "postgres")) kill(pid, SIGKILL);
        EXPECT_TRUE(eventually([&] { return cluster.pid() != first && is_alive(cluster.pid()); }));
        const auto began = std::chrono::steady_clock::now();
        EXPECT_TRUE(cluster.stop());
        EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(60));
        EXPECT_TRUE(eventually([&] { return processes_in(folder.path / "postgres").empty(); }));
    }));
}

TEST(ManagedCluster, RefusesTheDataOfAnotherMajorVersionAndLeavesItAlone) {
    const test::Folder folder;
    prepare(folder.path);
    EXPECT_TRUE(test::as_unprivileged(folder.path, [&] {
        open(folder.path);
        write(folder.path / "postgres/PG_VERSION", "9\n");
        const auto why = why_not([&] { open(folder.path); });
        EXPECT_NE(why.find("made by PostgreSQL 9"), std::string::npos) << why;
        EXPECT_NE(why.find("postgresql-9"), std::string::npos) << why;
        EXPECT_TRUE(processes_in(folder.path / "postgres").empty());
    }));
}

TEST(ManagedCluster, FinishesACreationThatWasInterrupted) {
    const test::Folder folder;
    EXPECT_TRUE(test::as_unprivileged(folder.path, [&] {
        fs::create_directories(folder.path / "postgres.new");
        write(folder.path / "postgres.new/PG_VERSION", "15\n");
        EXPECT_TRUE(answers(open(folder.path).conninfo()));
    }));
}

TEST(ManagedCluster, ShowsTheLogWhenPostgresDoesNotStart) {
    const test::Folder folder;
    prepare(folder.path);
    EXPECT_TRUE(test::as_unprivileged(folder.path, [&] {
        open(folder.path);
        write(folder.path / "postgres/local.conf", "shared_buffers = nonsense\n");
        const auto why = why_not([&] { open(folder.path); });
        EXPECT_NE(why.find("shared_buffers"), std::string::npos) << why;
    }));
}

TEST(Home, LetsOnlyOneServerInAndNamesTheOther) {
    const test::Folder folder;
    EXPECT_TRUE(test::as_unprivileged(folder.path, [&] {
        const auto say = [](std::string_view) {
        };
        // An outside database: the lock alone is the subject here.
        auto config =
            config::Config::load({{"BRAINBYTES_DATA", folder.path}, {"DATABASE_URL", "postgresql://x/y"}},
                                 folder.path)
                .value();
        auto first = Home::open(config, Home::Use::server, say);
        ASSERT_TRUE(first.has_value()) << first.error().detail;
        EXPECT_EQ(first->server_process(), getpid());
        const auto second = Home::open(config, Home::Use::server, say);
        ASSERT_TRUE(second.has_error());
        EXPECT_NE(second.error().detail.find(fmt::format("process {}", getpid())), std::string::npos);
        const auto beside = Home::open(config, Home::Use::command, say);
        ASSERT_TRUE(beside.has_value());
        EXPECT_EQ(beside->server_process(), getpid());
        EXPECT_FALSE(beside->managed());
    }));
}

TEST(Home, MovesDataThatTheUnprivilegedAccountCannotReachAndSaysSo) {
    if (!privileges::is_root()) GTEST_SKIP() << "needs root";
    const test::Folder folder;
    fs::create_directories(folder.path / "closed");
    ASSERT_EQ(chown((folder.path / "closed").c_str(), 0, 0), 0);
    fs::permissions(folder.path / "closed", fs::perms::owner_all);
    fs::permissions(folder.path, fs::perms(0755));
    const auto wanted = folder.path / "closed/data";
    EXPECT_FALSE(privileges::can_reach(privileges::unprivileged_for(wanted), wanted));
    const pid_t pid = fork();
    if (pid == 0) {
        crypto::initialize();
        std::string said;
        auto config = config::Config::load(
                          {{"BRAINBYTES_DATA", wanted}, {"DATABASE_URL", "postgresql://x/y"}}, folder.path)
                          .value();
        auto home = Home::open(config, Home::Use::server, [&](std::string_view words) { said += words; });
        const bool good = home.has_value() && !privileges::is_root() &&
                          said.find("/var/lib/brainbytes/") != std::string::npos &&
                          config.text("BRAINBYTES_DATA") == home->data().string() &&
                          home->data().parent_path() == "/var/lib/brainbytes";
        std::_Exit(good ? 0 : 1);
    }
    int status = 1;
    waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
    const auto hash = crypto::hex(crypto::sha256(wanted.string())).substr(0, 12);
    fs::remove_all(fs::path("/var/lib/brainbytes") / hash);
}

}  // namespace
}  // namespace bb::db
