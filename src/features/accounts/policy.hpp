#pragma once
#include <string>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/http/conditions.hpp"
#include "services/audit/audit.hpp"

namespace bb::accounts {

/// Who may make an account without an invitation.
struct Policy {
    std::string sign_up;  // "open": everybody; "invited": nobody; "domains": who has an address there
    std::vector<std::string> domains;  // lower case; kept also while they are not asked
};

Task<Policy> read_policy(db::Database& db);
/// Takes the place of a policy of that mark; an entry of the audit log says from what to what. Errors: stale.
Task<Result<void>> change_policy(db::Database& db, Policy policy, http::IfMatch condition,
                                 audit::Origin origin);
/// Stands for the policy, see http::IfMatch.
std::string policy_mark(const Policy& policy);

}  // namespace bb::accounts
