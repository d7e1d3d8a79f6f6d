#pragma once
#include "base/core/task.hpp"
#include "base/db/database.hpp"

namespace bb::access {

/// Forgets full buckets and keys of more than a day ago: now and once an hour, until the loop ends.
Task<void> keep_tidy(db::Database& db);

}  // namespace bb::access
