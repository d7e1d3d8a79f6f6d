#pragma once
#include "base/core/task.hpp"
#include "base/db/database.hpp"

namespace bb::db {

/// The schema of a database, as this program sees it.
struct SchemaNumber {
    int number = 0;     ///< of the newest migration; 0: none
    bool fits = false;  ///< this program runs on it: newer migrations have only added something
};

/// Throws SqlError or Unavailable.
Task<SchemaNumber> schema_number(Database& db);

}  // namespace bb::db
