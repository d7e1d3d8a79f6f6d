#pragma once
#include <optional>
#include <string>

#include "operations/safety/backup_key.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/recovery_window.hpp"
#include "services/secrets/sealed.hpp"

namespace bb::safety {

/// Reads every byte of a backup back. Without its key sizes and hashes are compared with the manifest; with
/// it everything is opened and unpacked too. Throws std::runtime_error with a sentence about the first fault:
/// Damaged when it is of the backup, and not of reading it.
void check_backup(const StoredBackup& backup, const std::optional<secrets::Key>& key);

/// The same, and marks it in its place as damaged, or takes the mark away. Where that cannot be written only
/// the log says so.
void check_and_mark(const Destination& place, const StoredBackup& backup,
                    const std::optional<secrets::Key>& key);

/// Reads and opens all of the log of a window. Returns how many segments it has. Throws as open_wal().
std::size_t check_log(const Destination& place, const RecoveryWindow& window, const BackupKeys& keys);

}  // namespace bb::safety
