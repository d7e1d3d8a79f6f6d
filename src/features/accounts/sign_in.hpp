#pragma once
#include <optional>
#include <string>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/accounts/client.hpp"
#include "features/accounts/sessions.hpp"

namespace bb::accounts {

/// The two secrets of a sign-in mail. They exist here and in the mail, nowhere else.
struct SignInSecrets {
    std::string code;        // six digits
    std::string link_token;  // 256 bits
};

/// What the opener of a setup link says about themselves.
struct FirstAdministrator {
    std::string token;
    std::string email;  // as parse_address gives it
    std::string name;
};

/// Lets people in by what was mailed to them. Nothing here asks whether an address has an account before its
/// owner has proved to read its mail: known and unknown addresses cannot be told apart.
class SignIn {
public:
    /// `secret` keys the hashes of the codes; it must be the same on every node.
    SignIn(db::Database& db, std::string secret) : db_(db), secret_(std::move(secret)) {}

    /// Makes a code and a link, good for ten minutes. How often is for the caller to limit. Nullopt when the
    /// address has no account and may not have one: then no mail is to be sent, and nobody is to be told.
    Task<std::optional<SignInSecrets>> prepare(std::string email, std::string language);

    /// Begins a session when `code` (six digits) is one of the open codes of `email`; makes an account for
    /// who is new and may have one (see admission.hpp). Every call counts as a try against all open codes;
    /// five void them. Errors: unauthenticated; suspended and sign_up_closed, which only who reads the mail
    /// is told.
    Task<Result<NewSession>> by_code(std::string email, std::string code, Client client);

    /// The same by the token of a mailed link.
    Task<Result<NewSession>> by_link(std::string token, Client client);
    /// The same by the token of an invitation, which gives a new person its role; once.
    Task<Result<NewSession>> by_invitation(std::string token, Client client);

    /// Takes a code mailed to the owner of `session` as a new proof of who holds it, and returns the
    /// session's new token: the one of hash `held` is void at once, on every node. Errors: unauthenticated.
    Task<Result<std::string>> prove_again(UserId owner, SessionId session, crypto::Digest held,
                                          std::string code, audit::Origin origin);

    /// Makes the first administrator; one try per link, and only while there is no administrator.
    /// Errors: unauthenticated.
    Task<Result<NewSession>> by_setup_link(FirstAdministrator person, Client client);

private:
    db::Database& db_;
    std::string secret_;
};

/// Uses up the open codes of `email` when `code` (six digits) is one of them, and returns the language it was
/// asked for in. Else counts a try against all of them; five void them. `secret`: as for SignIn.
Task<std::optional<std::string>> use_code(db::Transaction& tx, const std::string& secret,
                                          const std::string& email, const std::string& code);

/// What a code that use_code does not take is answered with: unauthenticated.
Error wrong_code();

/// A link under `origin` that makes its opener the first administrator: good for 30 minutes, once. Nullopt
/// when there is an administrator already. The link is shown to the operator and kept nowhere.
Task<std::optional<std::string>> create_setup_link(db::Database& db, std::string origin);

}  // namespace bb::accounts
