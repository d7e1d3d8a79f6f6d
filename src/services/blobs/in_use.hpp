#pragma once
#include <string>
#include <vector>

#include "base/core/task.hpp"
#include "base/db/database.hpp"

namespace bb::blobs {

/// Says to the database each minute that this server stores new files in `place` (Store::place()), until the
/// loop ends: by an advisory lock of its connection, which goes with it.
Task<void> keep_noting_place(db::Database& db, std::string place);

/// The servers that are connected to this database and do not say that they use `place`: "process 4711 on
/// host web-2".
Task<std::vector<std::string>> servers_elsewhere(db::Database& db, std::string place);

}  // namespace bb::blobs
