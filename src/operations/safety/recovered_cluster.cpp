#include "operations/safety/recovered_cluster.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "base/db/cluster_process.hpp"
#include "base/db/session.hpp"
#include "operations/safety/base_backup.hpp"
#include "operations/safety/newest_rows.hpp"
#include "operations/safety/part.hpp"
#include "operations/safety/snapshot.hpp"
#include "operations/safety/tar.hpp"
#include "operations/safety/tools.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;

constexpr const char* folder_name = "recovering";
constexpr std::uint64_t least_room = 128u << 20, nearly_nothing = 16u << 20;
constexpr std::size_t chunk_size = 256 * 1024;
constexpr std::chrono::hours longest_recovery{24};
// As PostgreSQL says it when nobody committed anything after the moment that was asked for.
constexpr std::string_view nothing_after = "recovery ended before configured recovery target was reached";
constexpr const char* replayed_sql = "SELECT pg_last_wal_replay_lsn()::text";

// What the server was set to is not for a throw-away one: it must not archive, nor listen, nor load what is
// not installed here. Who may enter its folder may do anything with it, and only this account may.
constexpr const char* settings_text = R"(# Of a server that is being recovered.
hba_file = 'recovering_hba.conf'
restore_command = '{command}'
recovery_target_timeline = 'current'
recovery_target_action = 'promote'
{target}
hot_standby = off
archive_mode = off
autovacuum = off
max_wal_size = 4GB
checkpoint_timeout = 1h
wal_level = minimal
max_wal_senders = 0
max_prepared_transactions = 100
)";

FileLock take_lock(const fs::path& data) {
    fs::create_directories(data / "run");
    auto lock = FileLock::try_take(data / "run/recover.lock", FileLock::Kind::exclusive);
    if (!lock) throw std::runtime_error(fmt::format("Another recovery is under way in {}.", data.string()));
    return std::move(*lock);
}

/// Takes away what a recovery that was killed has left, first of all its server.
void clear(const fs::path& folder) {
    for (const auto pid : db::processes_in(folder / "postgres")) {
        ::kill(pid, SIGKILL);
        for (int look = 0; look < 1000 && db::is_alive(pid); ++look)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    fs::remove_all(folder);
}

void write_text(const fs::path& file, std::string_view text) {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) throw std::runtime_error(fmt::format("{} cannot be written. Is the disk full?", file.string()));
}

fs::path inside(const fs::path& folder, const std::string& name) {
    const auto path = fs::path(name).lexically_normal();
    if (path.is_absolute() || *path.begin() == "..")
        throw std::runtime_error(fmt::format("the backup holds something unknown, {}", name));
    return folder / path;
}

std::string target_line(const RecoveryGoal& goal) {
    if (!goal.window) return "recovery_target = 'immediate'";
    if (!goal.at) return {};
    // When this is read no names of time zones are known yet, not even "Z".
    const auto time = to_rfc3339(*goal.at);
    return fmt::format("recovery_target_time = '{}+00'", time.substr(0, time.size() - 1));
}

}  // namespace

RecoveredCluster::RecoveredCluster(const Installation& at, const From& from, const RecoveryGoal& goal)
    : at_(at), folder_(at.data / folder_name), lock_(take_lock(at.data)), manifest_(*from.base.manifest) {
    clear(folder_);
    try {
        check_room();
        unpack(from);
        source_.emplace(folder_ / "wal", from.place, from.keys, goal.window ? &*goal.window : nullptr);
        start(goal);
        check_reach(from, goal);
        look_at(goal);
    } catch (...) {
        cluster_.reset();
        source_.reset();
        clear(folder_);
        throw;
    }
}

RecoveredCluster::~RecoveredCluster() {
    cluster_.reset();
    source_.reset();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void RecoveredCluster::check_room() const {
    std::uint64_t wanted = least_room;
    // Once as files of a server, and once as the database that is made of them.
    for (const auto& part : manifest_.parts)
        wanted += part.name == cluster_part ? 2 * part.bytes : part.bytes;
    const auto free = fs::space(at_.data).available;
    if (free >= wanted) return;
    throw std::runtime_error(
        fmt::format("There is no room to recover in {}: {} MB are free, about {} MB are needed. Nothing was "
                    "touched. Make room, or recover elsewhere (--into FOLDER).",
                    at_.data.string(), free >> 20, wanted >> 20));
}

/// On a full disk PostgreSQL cannot even write down why it ends.
void RecoveredCluster::check_not_full(std::string_view failure) const {
    if (fs::space(at_.data).available >= nearly_nothing) return;
    throw std::runtime_error(
        fmt::format("The disk of {} is full. Nothing was touched. Make room, or recover elsewhere (--into "
                    "FOLDER). {}",
                    at_.data.string(), failure));
}

void RecoveredCluster::unpack(const From& from) {
    const auto into = folder_ / "postgres";
    fs::create_directories(into);
    for (const auto& folder : {folder_, into}) fs::permissions(folder, fs::perms::owner_all);
    TarReader tar(open_part(from.base, cluster_part, from.key), TarReader::Holds::folders_too);
    std::string chunk(chunk_size, '\0');
    std::uint64_t done = 0, total = 0;
    for (const auto& part : manifest_.parts)
        if (part.name == cluster_part) total = part.bytes;
    while (const auto entry = tar.next()) {
        const auto path = inside(into, entry->name);
        if (entry->is_folder) {
            fs::create_directories(path);
            continue;
        }
        fs::create_directories(path.parent_path());
        std::ofstream out(path, std::ios::binary | std::ios::trunc);
        while (const auto got = tar.read(chunk.data(), chunk.size())) {
            if (!out.write(chunk.data(), static_cast<std::streamsize>(got))) break;
            at_.progress(cluster_part, done += got, total);
        }
        out.close();
        if (!out)
            throw std::runtime_error(fmt::format("{} cannot be written. Is the disk full?", path.string()));
    }
}

void RecoveredCluster::configure(const RecoveryGoal& goal) const {
    const auto server = folder_ / "postgres";
    write_text(server / "recovering_hba.conf", "local all all trust\n");
    write_text(server / "local.conf",
               fmt::format(settings_text, fmt::arg("command", WalSource::restore_command("../wal")),
                           fmt::arg("target", target_line(goal))));
    write_text(server / "postgresql.auto.conf", "");
    write_text(server / "recovery.signal", "");
    fs::remove(server / "standby.signal");
}

void RecoveredCluster::start(const RecoveryGoal& goal) {
    configure(goal);
    to_the_end_ = goal.window && !goal.at;
    db::ManagedCluster::Options options;
    options.data = folder_;
    options.say = [](std::string_view) {
    };
    options.durable = false;
    options.ends_with_us = true;
    options.longest_start = longest_recovery;
    options.watch = [this]() {
        at_.watch();
    };
    try {
        cluster_.emplace(std::move(options));
    } catch (const std::exception& failure) {
        source_->check();
        check_not_full(failure.what());
        if (!goal.at || std::string_view(failure.what()).find(nothing_after) == std::string_view::npos)
            throw std::runtime_error(fmt::format(
                "The backup could not be recovered, and nothing was touched. {}", failure.what()));
        // The log is known to go on until after that moment, so that its end is the state of then.
        start(RecoveryGoal{goal.window, std::nullopt});
    }
}

/// A log that PostgreSQL cannot read to its end is not passed off as all of it.
void RecoveredCluster::check_reach(const From& from, const RecoveryGoal& goal) const {
    source_->check();
    if (!to_the_end_) return;
    const auto size = goal.window->base.manifest->wal->segment_size;
    const auto text = db::Session(conninfo()).query(replayed_sql)[0].get<std::optional<std::string>>(0);
    const auto replayed = text ? db::parse_lsn(*text).value_or(0) : 0;
    if (replayed + size >= goal.window->end) return;
    throw std::runtime_error(
        fmt::format("The write-ahead log in {} goes to {}, and PostgreSQL reads it only to {}. Nothing was "
                    "touched. A moment before may be recovered (--at TIME).",
                    from.place.name(), db::lsn_text(goal.window->end), db::lsn_text(replayed)));
}

void RecoveredCluster::look_at(const RecoveryGoal& goal) {
    Snapshot found(conninfo(), at_.watch);
    manifest_.schema = found.schema();
    manifest_.rows = found.count_rows();
    manifest_.newest_rows = newest_rows(found.session());
    if (goal.window) manifest_.created_at = goal.at.value_or(goal.window->to);
}

std::string RecoveredCluster::conninfo() const {
    const auto& database = manifest_.database;
    return with_role(with_database(cluster_->superuser_conninfo(), database.substr(database.find('/') + 1)),
                     manifest_.wal->role);
}

std::unique_ptr<RunningTool> RecoveredCluster::dump() const {
    auto connection = for_tools(conninfo());
    std::vector<std::string> command = {tool_path("pg_dump", manifest_.postgres),
                                        "--format=custom",
                                        "--compress=0",
                                        "--no-owner",
                                        "--no-privileges",
                                        "--dbname=" + connection.conninfo};
    return std::make_unique<RunningTool>(std::move(command), std::move(connection.environment),
                                         RunningTool::Ours::output, at_.watch);
}

}  // namespace bb::safety
