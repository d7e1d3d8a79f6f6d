#include "operations/safety/hold_drill.hpp"

#include <cstdio>

#include "operations/safety/drill_history.hpp"
#include "operations/safety/folder_store.hpp"
#include "operations/safety/one_at_a_time.hpp"
#include "operations/safety/recovery_window.hpp"
#include "operations/safety/restore.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;

// One that is noted later may have an earlier time, but not by much.
constexpr const char* newest_live_sql =
    "SELECT max(at) FROM audit_entries WHERE at < now() - interval '5 s' AND "
    "(SELECT system_identifier FROM pg_control_system())::text || '/' || current_database() = $1";

/// The private halves as a file that the commands of the drill may read.
class KeyFile {
public:
    KeyFile(const BackupKeys& keys, fs::path path) : path_(std::move(path)) {
        std::string text;
        for (const auto& identity : keys.identities) text += private_line(identity);
        write_small_file(path_, text);
    }
    ~KeyFile() { std::remove(path_.c_str()); }
    KeyFile(const KeyFile&) = delete;
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

}  // namespace

DrillResult hold_drill(const Installation& beside, const Scenario& scenario, const Destination& place,
                       const StoredBackup& backup, const BackupKeys& keys, bool log_is_kept,
                       const MoveName& move_name) {
    // Its folder, and the file with the key, are the same for all.
    const auto turn = one_at_a_time(beside.data, "drill");
    open_backup(backup, keys);
    // Another machine has what the place has: its log, when it goes on after the backup.
    bool with_log = log_is_kept && beside.managed;
    if (with_log && (scenario.name == "lost-host" || scenario.name == "region-lost"))
        with_log = window_for(recovery_windows(place), std::nullopt, "").has_value();
    const KeyFile key(keys, beside.data / "drill.key");
    DrillPlan plan{scenario, backup, key.path(), beside.watch, beside.data / "drill", move_name, with_log};
    plan.newest_live = db::Session(beside.conninfo)
                           .query(newest_live_sql, backup.manifest->database)[0]
                           .get<std::optional<Time>>(0);
    const auto result = run_drill(plan);
    db::Session session(beside.conninfo);
    note_drill(session, result);
    return result;
}

}  // namespace bb::safety
