#pragma once
#include "base/core/task.hpp"
#include "base/db/database.hpp"

namespace bb::access {

/// Forgets full buckets, keys of more than a day ago and old counts of tokens: now and once an hour, until
/// the loop ends.
Task<void> keep_tidy(db::Database& db);

}  // namespace bb::access
