#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/accounts/github/oauth.hpp"
#include "features/accounts/sessions.hpp"
#include "features/accounts/types.hpp"
#include "services/audit/audit.hpp"

namespace bb::accounts {

/// An account elsewhere that signs a person in here.
struct Identity {
    std::string provider;  // "github"
    std::string login;
    Time created_at;
    Time last_used_at;
};

/// A GitHub account that waits for the proof of its address.
struct Claim {
    std::string email;
    std::string login;
};

/// Accounts at GitHub and whose they are here. Told apart by GitHub's number of the account, never by an
/// address: an account here is joined to one there only by who has proved to hold both.
class Identities {
public:
    explicit Identities(db::Database& db) : db_(db) {}

    Task<std::vector<Identity>> list(UserId owner);
    /// Errors: not_found when the owner has none of this provider.
    Task<Result<void>> unlink(UserId owner, std::string provider, audit::Origin origin);
    /// Joins the account to its signed-in owner; harmless when it is so already. Nullopt, or why not: taken,
    /// other.
    Task<std::optional<GithubProblem>> link(UserId owner, GithubAccount account, audit::Origin origin);

    /// Begins a session of the person whose account this is; nullopt when it is nobody's. Errors: suspended.
    Task<std::optional<Result<NewSession>>> enter(GithubAccount account, Client client);
    /// The same for an account that was nobody's: makes a person of it when `email`, which GitHub has
    /// verified, has no account here and may have one. When it has one, the GitHub account becomes a claim of
    /// this browser, and nobody is let in. Errors: suspended, sign_up_closed.
    Task<std::variant<Result<NewSession>, Claim>> arrive(GithubAccount account, std::string email,
                                                         std::string language, std::string browser,
                                                         Client client);

    /// What this browser claims, for a quarter of an hour.
    Task<std::optional<Claim>> claim_of(std::string browser);
    /// Joins what this browser claims to the account of its address when `code` was mailed there, and begins
    /// a session. `secret`: as for SignIn. Errors: not_found without a claim, unauthenticated for a wrong
    /// code (which counts as a try), conflict when the account or the person has been joined otherwise
    /// meanwhile, suspended, sign_up_closed.
    Task<Result<NewSession>> confirm(std::string browser, std::string code, std::string secret,
                                     Client client);

private:
    db::Database& db_;
};

}  // namespace bb::accounts
