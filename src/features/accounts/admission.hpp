#pragma once
#include <optional>
#include <string>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/accounts/types.hpp"

namespace bb::accounts {

/// Somebody who may come in.
struct Admitted {
    UserId user;
    bool created = false;              // had no account before
    std::optional<Uuid> invitation{};  // that made the account
};

/// The person with this address, which has been proved. Who has no account gets one when an invitation is
/// open (with its role) or when the sign-up policy allows (as a student), called `name`, or after the address
/// when that is empty. Errors: suspended, sign_up_closed.
Task<Result<Admitted>> admit(db::Transaction& tx, std::string email, std::string language, std::string name);

}  // namespace bb::accounts
