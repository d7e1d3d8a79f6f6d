#pragma once
#include <limits>

#include "app/node.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"

namespace bb::app {

/// What a gauge shows of what cannot be read.
inline constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

/// Reads once a minute what the metrics say of the machine, the database, the school and the audit log, until
/// it is cancelled; for one loop of each process. What cannot be read is NaN. The references must outlive it.
Task<void> keep_reading(Node& node, db::Database& db);

}  // namespace bb::app
