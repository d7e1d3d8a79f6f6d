#pragma once
#include <vector>

#include "features/accounts/privacy/keeping.hpp"
#include "services/audit/audit.hpp"
#include "services/personal/retention.hpp"

namespace bb::accounts {

/// For how long the school keeps what nobody uses.
Task<personal::Months> read_retention(db::Database& db);
Task<void> change_retention(db::Database& db, personal::Months months, audit::Origin origin);

/// What goes by that; nothing is touched when `dry_run`. At most 200 of a kind: call it again until nothing
/// comes. What goes can be restored for 30 days, as anything that is deleted.
Task<std::vector<personal::Expired>> enforce_retention(Keeping& keeping, bool dry_run);

/// Erases accounts and enforces retention, once an hour until it is cancelled; for one loop of each process.
Task<void> keep_promises(Keeping& keeping);

}  // namespace bb::accounts
