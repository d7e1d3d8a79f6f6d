#pragma once
#include "base/core/task.hpp"
#include "base/db/database.hpp"

namespace bb::db {

/// Number of the newest migration that the database has; 0: none. Throws SqlError or Unavailable.
Task<int> schema_number(Database& db);

}  // namespace bb::db
