#pragma once
#include <string>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/accounts/types.hpp"

namespace bb::accounts {

/// What the account itself is to a person: profile, sessions, linked accounts, use of the model, and what the
/// audit log says by and about them, as JSON. Errors: not_found.
Task<Result<std::string>> account_json(db::Transaction& tx, UserId owner);

/// How much is kept of a person, and for how long.
struct Kept {
    std::int64_t sessions = 0;
    std::int64_t materials = 0;
    std::int64_t files = 0;
    std::int64_t file_bytes = 0;
    std::int64_t chats = 0;
    std::int64_t messages = 0;
};
Task<Kept> kept_of(db::Database& db, UserId owner);

}  // namespace bb::accounts
