#pragma once
#include "operations/safety/backup_key.hpp"
#include "operations/safety/drill.hpp"
#include "operations/safety/installation.hpp"

namespace bb::safety {

/// Holds a drill beside a live installation and notes how it went in its database. Throws std::runtime_error
/// when it cannot be held: no key opens the backup, no room, another one is under way.
/// `move_name`: for region-lost. `log_is_kept`: of a database that may be recovered to any second.
DrillResult hold_drill(const Installation& beside, const Scenario& scenario, const Destination& place,
                       const StoredBackup& backup, const BackupKeys& keys, bool log_is_kept,
                       const MoveName& move_name = {});

}  // namespace bb::safety
