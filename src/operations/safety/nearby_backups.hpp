#pragma once
#include <set>
#include <vector>

#include "base/core/time.hpp"
#include "operations/safety/backup_key.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/installation.hpp"
#include "operations/safety/restored_files.hpp"

namespace bb::safety {

/// The backups around a moment that was recovered from a physical one. Files are in no log: what was uploaded
/// between the physical backup and the moment is in these alone.
struct NearbyBackups {
    std::vector<StoredBackup> after, before;  ///< the moment, each the nearest first
    BackupKeys keys;                          ///< to open them with
};

/// Those of `place` around `moment`, in any form, without `base` itself.
NearbyBackups backups_around(const Destination& place, const StoredBackup& base, Time moment,
                             const BackupKeys& keys);

/// Takes `wanted` out of the backups after the moment, and what those have not out of those before it. One
/// that does not open or was changed is told of and passed over. Throws std::system_error (no space),
/// GivenUp, Away.
void take_files(const Installation& at, const NearbyBackups& from, std::set<RestoredFiles::Stored> wanted,
                RestoredFiles& into);

}  // namespace bb::safety
