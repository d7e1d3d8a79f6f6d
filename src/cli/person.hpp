#pragma once
#include <string>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/accounts/types.hpp"

namespace bb::cli {

/// Whom an address on the command line means. Errors: invalid_input, with a sentence, when nobody has it.
Task<Result<accounts::User>> find_person(db::Database& db, std::string address);

}  // namespace bb::cli
