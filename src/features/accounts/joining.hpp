#pragma once
#include <optional>

#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/accounts/client.hpp"
#include "features/accounts/github/oauth.hpp"
#include "features/accounts/types.hpp"

namespace bb::accounts {

/// Joins a GitHub account to a person, as a part of `tx`; false when the one or the other is joined
/// otherwise.
Task<bool> join(db::Transaction& tx, UserId owner, const GithubAccount& account);

/// Waits until no other transaction works on this GitHub account: first of all, before anything is locked.
Task<void> take_turn(db::Transaction& tx, const GithubAccount& account);

/// Writes down that an account was joined by signing in.
Task<void> note_link(db::Transaction& tx, UserId owner, const Client& client);

/// The person whose account this is; notes that it was used and what it calls itself now.
Task<std::optional<UserId>> recognise(db::Transaction& tx, const GithubAccount& account);

}  // namespace bb::accounts
