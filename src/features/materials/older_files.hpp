#pragma once
#include <cstddef>

#include "base/core/task.hpp"
#include "base/db/database.hpp"

namespace bb::materials {

/// Queues files that are ready and were read by an older reader to be read again, the newest first and people
/// by turns: so many that at most 20 of everybody wait, and none while files that came in wait. Left out are
/// files whose names say that they are text already. Returns how many files of both sorts wait then.
Task<std::size_t> queue_older_of_any_owner(db::Database& db);

/// Does that until the loop ends: once a minute while any wait, and once an hour otherwise.
Task<void> keep_queuing_older(db::Database& db);

}  // namespace bb::materials
