#pragma once
#include <memory>
#include <optional>

#include "operations/safety/backup_key.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/installation.hpp"
#include "operations/safety/nearby_backups.hpp"
#include "operations/safety/recovered_cluster.hpp"

namespace bb::safety {

/// What a restore brings back: a backup as it lies there, or what was recovered from a physical one.
struct RestoreSource {
    StoredBackup backup;                            ///< its manifest tells of the moment that is brought back
    secrets::Key key;                               ///< of the backup
    std::shared_ptr<RecoveredCluster> recovered{};  ///< of a physical one
    NearbyBackups nearby{};  ///< of one that was recovered to a later moment: they have later files
};

/// The key of a backup. Throws std::runtime_error with a sentence: none of `keys` opens it, or its manifest
/// was changed.
secrets::Key open_backup(const StoredBackup& backup, const BackupKeys& keys);

/// A backup and its key, and of a physical one the database recovered to `goal` beside what is live. Throws
/// std::runtime_error with a sentence as open_backup() and RecoveredCluster do; nothing is touched then.
RestoreSource prepare_source(const Installation& at, const Destination& place, const StoredBackup& backup,
                             const BackupKeys& keys, const RecoveryGoal& goal = {});

}  // namespace bb::safety
