#pragma once
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/tutor/types.hpp"

namespace bb::tutor {

/// Gives a person without threads up to three, asked and answered (by quoting) from his own materials;
/// returns how many were made. Again is harmless.
Task<int> seed_threads(db::Database& db, UserId student);

}  // namespace bb::tutor
