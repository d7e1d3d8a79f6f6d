#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/accounts/client.hpp"
#include "features/accounts/sessions.hpp"
#include "features/accounts/types.hpp"

namespace bb::accounts {

/// The one way to a session, whatever proved who it is: nobody who is suspended or may not have an account
/// gets one, and each is written down as "sign_in.succeeded" with its `method`. Parts of `tx`; let them be
/// its last statements.

/// Begins a session of the person with this address, which has been proved, and makes an account when they
/// may have one (see admit()); `name` is for a new one and may be empty. Errors: suspended, sign_up_closed.
Task<Result<NewSession>> let_in(db::Transaction& tx, std::string email, std::string language,
                                std::string name, Client client, std::string_view method);

/// Begins a session of a person who is known by something else. Errors: suspended.
Task<Result<NewSession>> let_in(db::Transaction& tx, UserId person, Client client, std::string_view method);

}  // namespace bb::accounts
