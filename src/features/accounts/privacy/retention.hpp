#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/http/conditions.hpp"
#include "features/accounts/privacy/keeping.hpp"
#include "services/audit/audit.hpp"
#include "services/personal/retention.hpp"

namespace bb::accounts {

/// For how long the school keeps what nobody uses.
Task<personal::Months> read_retention(db::Database& db);

/// What becomes of that; what is absent stays.
struct RetentionChange {
    std::optional<std::int64_t> chats;
    std::optional<std::int64_t> materials;
};

/// Applies `change` to months of that mark and returns what holds now. Errors: stale.
Task<Result<personal::Months>> change_retention(db::Database& db, RetentionChange change,
                                                http::IfMatch condition, audit::Origin origin);
/// Stands for the months, see http::IfMatch.
std::string retention_mark(personal::Months months);

/// What goes by that; nothing is touched when `dry_run`. At most 200 of a kind: call it again until nothing
/// comes. What goes can be restored for 30 days, as anything that is deleted.
Task<std::vector<personal::Expired>> enforce_retention(Keeping& keeping, bool dry_run);

/// Erases accounts and enforces retention, once an hour until it is cancelled; for one loop of each process.
Task<void> keep_promises(Keeping& keeping);

}  // namespace bb::accounts
