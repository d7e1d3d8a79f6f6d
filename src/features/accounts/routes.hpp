#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/db/database.hpp"
#include "base/http/router.hpp"
#include "features/accounts/github/github.hpp"
#include "features/accounts/privacy/keeping.hpp"
#include "features/accounts/session_cache.hpp"
#include "features/accounts/sign_in_counts.hpp"
#include "services/access/shared_limits.hpp"
#include "services/access/token_budget.hpp"
#include "services/mail/sender.hpp"
#include "services/webauthn/relying_party.hpp"

namespace bb::accounts {

/// What GET /api/session tells everybody about this installation.
struct About {
    std::string version;
    std::string tutor_mode;            // "model" or "extractive"
    std::optional<std::string> model;  // its name, when there is one
};

/// What the account routes of one loop work with. The references must outlive the router.
struct Services {
    db::Database& db;
    SessionCache& sessions;
    mail::Sender& mail;
    access::SharedLimits& limits;
    access::TokenBudget& budget;
    std::string origin;  // public address without a slash at the end
    std::string secret;  // of server_secret()
    About about;
    /// Hands a payload of `session_ended` to the caches of this process's other loops, before it returns to
    /// this one, so that who has signed out here is signed out there when the answer arrives. May be empty.
    std::function<void(const std::string& payload)> announce_ended;
    Github* github = nullptr;  // null: no OAuth app is configured
    std::vector<webauthn::RelyingParty> parties =
        {};  // the addresses that have passkeys; the public one first
    Keeping* keeping = nullptr;
    SignInCounts* sign_ins = nullptr;
};

/// Adds /api/session, /api/auth/..., /api/me, /api/me/identities, /api/sessions, /api/passkeys,
/// /api/recovery-codes and /api/admin/...
void bind_routes(http::Router& router, Services services);

}  // namespace bb::accounts
