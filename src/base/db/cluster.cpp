#include "base/db/cluster.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include "base/core/file_lock.hpp"
#include "base/core/log.hpp"
#include "base/core/privileges.hpp"
#include "base/db/cluster_binaries.hpp"
#include "base/db/cluster_log.hpp"
#include "base/db/cluster_process.hpp"
#include "base/db/cluster_settings.hpp"
#include "base/db/found_home.hpp"

namespace bb::db {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds probe_interval{2};
constexpr seconds longest_start{600};  // crash recovery of a large database
constexpr milliseconds smart_limit{500};
constexpr seconds fast_limit{60};
constexpr seconds orphan_limit{5};

constexpr const char* local_conf = "# Your own settings for PostgreSQL; they win over postgresql.conf.\n";

/// `hurried`: becomes true when there is no time left to wait.
bool wait_until_dead(pid_t pid, milliseconds limit, const std::atomic<bool>* hurried = nullptr) {
    const auto deadline = Clock::now() + limit;
    while (is_alive(pid)) {
        if (Clock::now() >= deadline || (hurried && *hurried)) return false;
        std::this_thread::sleep_for(probe_interval);
    }
    return true;
}

void write_if_changed(const fs::path& file, const std::string& text) {
    std::ifstream in(file);
    const std::string before((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (in && before == text) return;
    const auto unfinished = fs::path(file.string() + ".new");
    std::ofstream out(unfinished, std::ios::trunc);
    out << text;
    out.close();
    if (!out)
        throw std::runtime_error(fmt::format("{} cannot be written. Is the disk full?", unfinished.string()));
    fs::rename(unfinished, file);
}

std::string conninfo_for(const fs::path& sockets, const char* role, const char* database) {
    std::string host;
    for (const char c : sockets.string()) {
        if (c == '\'' || c == '\\') host += '\\';
        host += c;
    }
    return fmt::format("host='{}' port=5432 user={} dbname={}", host, role, database);
}

}  // namespace

struct ManagedCluster::Impl {
    explicit Impl(Options given) : options(std::move(given)), folder(options.data / "postgres") {}
    ~Impl() { stop_watching(); }

    Options options;
    fs::path folder;  // of the cluster
    fs::path sockets;
    std::optional<FileLock> use;  // shared: this process uses the cluster
    bool adopted = false;
    pid_t pid = 0;

    std::mutex mutex;
    std::condition_variable wake;
    std::atomic<bool> closing{false};  // changed under the mutex, so that the watcher does not miss it
    std::thread watcher;

    fs::path log_file() const { return options.data / "postgres.log"; }
    FileLock starting() const;
    void open();
    void bring_up();
    void bring_back();
    void clear_remains();
    void launch(const Binaries& binaries);
    void wait_ready();
    bool let_go();
    void shut_down();
    void watch();
    void stop_watching();
};

/// Only one process at a time makes, starts or stops the cluster.
FileLock ManagedCluster::Impl::starting() const {
    auto lock = FileLock::take(options.data / "run/cluster.lock", FileLock::Kind::exclusive, longest_start);
    if (lock) return std::move(*lock);
    throw std::runtime_error(fmt::format(
        "Another process has been starting the database in {} for ten minutes.", options.data.string()));
}

void ManagedCluster::Impl::open() {
    if (privileges::is_root()) throw std::runtime_error("PostgreSQL does not run as root.");
    fs::create_directories(options.data / "run");
    fs::permissions(options.data / "run", fs::perms::owner_all);
    const auto lock = starting();
    use = FileLock::try_take(options.data / "run/users.lock", FileLock::Kind::shared);
    if (!use) throw std::runtime_error("The database is being stopped; try again.");
    bring_up();
}

void ManagedCluster::Impl::bring_up() {
    if (const auto found = running_postmaster(folder); found && !found->stopping) {
        pid = found->pid;
        adopted = true;
        wait_ready();
        return;
    } else if (found && !wait_until_dead(found->pid, fast_limit, &closing)) {
        throw std::runtime_error(
            fmt::format("PostgreSQL (process {}) is stopping and does not end.", found->pid));
    }
    adopted = false;
    const auto binaries = choose_binaries(installed_binaries(), cluster_major(folder), folder);
    if (!fs::exists(folder)) {
        options.say("Making the private database. This takes a few seconds, once.");
        create_cluster(options.data, binaries.folder, options.durable);
    }
    clear_remains();
    launch(binaries);
    wait_ready();
}

/// After a kill -9 PostgreSQL's own checks take any living process (or unreaped zombie) with the number in
/// its lock files for a postmaster. We know better: nothing works in the folder any more.
void ManagedCluster::Impl::clear_remains() {
    sockets = socket_folder(options.data);
    for (const char* name : {".s.PGSQL.5432", ".s.PGSQL.5432.lock"}) fs::remove(sockets / name);
    if (!fs::exists(folder / "postmaster.pid")) return;
    const auto deadline = Clock::now() + orphan_limit;
    auto orphans = processes_in(folder);
    for (; !orphans.empty() && Clock::now() < deadline; orphans = processes_in(folder))
        std::this_thread::sleep_for(milliseconds(20));
    for (const pid_t orphan : orphans) kill(orphan, SIGQUIT);
    for (const pid_t orphan : orphans)
        if (!wait_until_dead(orphan, orphan_limit))
            throw std::runtime_error(
                fmt::format("Process {} is left over from a PostgreSQL that was killed, and "
                            "does not end. End it, then start again.",
                            orphan));
    fs::remove(folder / "postmaster.pid");
}

void ManagedCluster::Impl::launch(const Binaries& binaries) {
    if (sockets.parent_path() != options.data)
        options.say(fmt::format("The path of the data folder is too long for a socket; it is in {}.",
                                sockets.string()));
    write_if_changed(folder / "postgresql.conf",
                     cluster_conf(this_machine(), sockets, has_statements(binaries)));
    write_if_changed(folder / "pg_hba.conf", cluster_hba());
    write_if_changed(folder / "pg_ident.conf", cluster_ident(privileges::current().name));
    if (!fs::exists(folder / "local.conf")) write_if_changed(folder / "local.conf", local_conf);
    bound_log(log_file());
    std::vector<std::string> command = {binaries.folder / "postgres", "-D", folder};
    if (!options.durable) command.insert(command.end(), {"-F", "-c", "synchronous_commit=off"});
    pid = start_program(command, folder, log_file(), !options.ends_with_us);
}

void ManagedCluster::Impl::wait_ready() {
    const auto started = Clock::now();
    bool told = false;
    while (true) {
        const auto found = running_postmaster(folder);
        if (found && found->pid == pid && found->ready) {
            sockets = found->sockets;
            return;
        }
        if (!is_alive(pid))
            throw std::runtime_error(fmt::format("PostgreSQL did not start. The end of {}:\n{}",
                                                 log_file().string(), end_of_log(log_file())));
        // Before its file says who it is, it would not be found when it is to be stopped.
        if (closing && found) throw std::runtime_error("The server stops before PostgreSQL is ready.");
        const auto waited = Clock::now() - started;
        if (waited > options.longest_start)
            throw std::runtime_error(fmt::format("PostgreSQL has not become ready in {} minutes.",
                                                 options.longest_start.count() / 60));
        options.watch();
        if (!told && waited > seconds(2)) {
            options.say("Waiting for PostgreSQL (it may be recovering after a crash).");
            told = true;
        }
        std::this_thread::sleep_for(probe_interval);
    }
}

bool ManagedCluster::Impl::let_go() {
    stop_watching();
    if (!use) return true;
    const auto lock = starting();
    use.reset();
    const auto last = FileLock::try_take(options.data / "run/users.lock", FileLock::Kind::exclusive);
    if (!last) return false;
    shut_down();
    return true;
}

void ManagedCluster::Impl::shut_down() {
    const auto found = running_postmaster(folder);
    if (!found) return;
    kill(found->pid, SIGTERM);  // smart: waits for sessions
    if (wait_until_dead(found->pid, smart_limit)) return;
    kill(found->pid, SIGINT);  // fast: ends them
    if (wait_until_dead(found->pid, fast_limit)) return;
    log::warn("database stopped hard");
    kill(found->pid, SIGQUIT);  // the next start recovers
    wait_until_dead(found->pid, fast_limit);
}

/// For the watcher: gives up when the server is to stop, however long the database would take.
void ManagedCluster::Impl::bring_back() {
    std::optional<FileLock> lock;
    while (!lock && !closing)
        lock =
            FileLock::take(options.data / "run/cluster.lock", FileLock::Kind::exclusive, milliseconds(100));
    if (lock) bring_up();
}

void ManagedCluster::Impl::watch() {
    constexpr milliseconds look{100};
    milliseconds pause = look;
    auto next_trim = Clock::now() + seconds(60);
    std::unique_lock hold(mutex);
    while (!wake.wait_for(hold, pause, [this] { return closing.load(); })) {
        if (Clock::now() >= next_trim) {
            bound_log(log_file());
            next_trim = Clock::now() + seconds(60);
        }
        if (is_alive(pid)) {
            pause = look;
            continue;
        }
        hold.unlock();
        try {
            log::error("database died", {{"pid", static_cast<std::int64_t>(pid)}});
            bring_back();
            log::info("database restarted", {{"pid", static_cast<std::int64_t>(pid)}});
        } catch (const std::exception& failure) {
            log::error("database not restarted", {{"reason", failure.what()}});
            pause = std::min<milliseconds>(pause * 2, seconds(5));
        }
        hold.lock();
    }
}

void ManagedCluster::Impl::stop_watching() {
    {
        const std::lock_guard hold(mutex);
        closing = true;
    }
    wake.notify_all();
    if (watcher.joinable()) watcher.join();
}

ManagedCluster::ManagedCluster(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {
    impl_->open();
}

ManagedCluster::~ManagedCluster() {
    try {
        if (impl_) impl_->let_go();
    } catch (const std::exception& failure) {
        log::error("database not stopped", {{"reason", failure.what()}});
    }
}

ManagedCluster::ManagedCluster(ManagedCluster&&) noexcept = default;
ManagedCluster& ManagedCluster::operator=(ManagedCluster&&) noexcept = default;

std::optional<FoundCluster> find_cluster(const fs::path& data) {
    const auto found = running_postmaster(data / "postgres");
    if (!found || !found->ready || found->stopping) return std::nullopt;
    return FoundCluster{found->pid, conninfo_for(found->sockets, cluster_role, cluster_database),
                        conninfo_for(found->sockets, cluster_superuser, cluster_database)};
}

std::string ManagedCluster::conninfo() const {
    return conninfo_for(impl_->sockets, cluster_role, cluster_database);
}

std::string ManagedCluster::superuser_conninfo() const {
    return conninfo_for(impl_->sockets, cluster_superuser, cluster_database);
}

bool ManagedCluster::adopted() const {
    return impl_->adopted;
}
int ManagedCluster::pid() const {
    return impl_->pid;
}
void ManagedCluster::supervise() {
    impl_->watcher = std::thread([impl = impl_.get()] { impl->watch(); });
}
bool ManagedCluster::stop() {
    return impl_->let_go();
}

}  // namespace bb::db
