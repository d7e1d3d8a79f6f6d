#pragma once
#include <functional>
#include <string>

#include "base/core/task.hpp"
#include "base/db/database.hpp"

namespace bb::db {

/// Runs `work` to its end on a loop of its own, for start-up and the command line; blocks. Rethrows what it
/// throws; Unavailable when the database does not answer within ten seconds.
void run_once(const std::string& conninfo, const std::function<Task<void>(Database&)>& work);

}  // namespace bb::db
