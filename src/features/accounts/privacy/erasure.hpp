#pragma once
#include "features/accounts/privacy/keeping.hpp"
#include "features/accounts/types.hpp"
#include "services/audit/audit.hpp"

namespace bb::accounts {

/// How long an account waits before it is erased. Signing in calls it off (begin_session() does).
inline constexpr int days_to_erasure = 7;

/// Marks an account for erasure and ends its sessions. Returns when it goes; asking again changes nothing.
/// Errors: not_found, conflict for the last administrator.
Task<Result<Time>> request_erasure(db::Database& db, UserId owner, audit::Origin origin);

/// Erases an account at once, with everything that is kept of its person; the audit log keeps its id. From
/// its first step on nobody signs in to it, so whatever breaks it off, the next call or sweep goes on.
/// Errors: not_found, conflict for the last administrator.
Task<Result<void>> erase_person(Keeping& keeping, UserId owner, audit::Origin origin);

/// The same for somebody who was erased before, in a database that was brought back from an older copy: also
/// for the last administrator, and without an error when there is no such account.
Task<void> erase_again(Keeping& keeping, UserId owner, audit::Origin origin);

/// Erases the accounts whose time has come; at most 100.
Task<void> erase_due(Keeping& keeping);

}  // namespace bb::accounts
