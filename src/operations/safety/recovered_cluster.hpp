#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/core/file_lock.hpp"
#include "base/db/cluster.hpp"
#include "operations/safety/installation.hpp"
#include "operations/safety/recovery_window.hpp"
#include "operations/safety/running_tool.hpp"
#include "operations/safety/wal_source.hpp"

namespace bb::safety {

/// To which moment a physical backup is recovered.
struct RecoveryGoal {
    /// With the log that follows the backup; nothing: as the backup itself is.
    std::optional<RecoveryWindow> window;
    std::optional<Time> at;  ///< inside the window; nothing: to the end of the log
};

/// The database server of a physical backup, made and recovered in a throw-away folder beside the live one,
/// where nobody but this account reaches it. It goes with everything in it.
class RecoveredCluster {
public:
    struct From {
        const Destination& place;
        const StoredBackup& base;
        const secrets::Key& key;  ///< of the base
        const BackupKeys& keys;   ///< for the log
    };

    /// Unpacks, starts and recovers it. Throws std::runtime_error with a sentence: no room, a part of the
    /// backup or of its log was changed or is gone, the server does not start.
    RecoveredCluster(const Installation& at, const From& from, const RecoveryGoal& goal);
    ~RecoveredCluster();
    RecoveredCluster(const RecoveredCluster&) = delete;

    /// The manifest of a backup of what was recovered: its moment, schema and rows.
    const Manifest& manifest() const { return manifest_; }
    /// The content of the database, as pg_dump writes it.
    std::unique_ptr<RunningTool> dump() const;

private:
    void check_room() const;
    void check_not_full(std::string_view failure) const;
    void unpack(const From& from);
    void configure(const RecoveryGoal& goal) const;
    void start(const RecoveryGoal& goal);
    void check_reach(const From& from, const RecoveryGoal& goal) const;
    void look_at(const RecoveryGoal& goal);
    std::string conninfo() const;

    const Installation& at_;
    std::filesystem::path folder_;
    FileLock lock_;
    Manifest manifest_;
    bool to_the_end_ = false;  // of the log, for there was nothing after the moment that was asked for
    std::optional<WalSource> source_;
    std::optional<db::ManagedCluster> cluster_;
};

}  // namespace bb::safety
