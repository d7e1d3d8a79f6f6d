#include "base/core/crypto.hpp"
#include "features/accounts/entrance.hpp"
#include "features/accounts/identities.hpp"
#include "features/accounts/joining.hpp"
#include "features/accounts/secrets.hpp"
#include "features/accounts/sign_in.hpp"

namespace bb::accounts {
namespace {

constexpr const char* has_account_sql = "SELECT FROM users WHERE email = $1";
constexpr const char* claim_sql =
    "INSERT INTO identity_claims (id, browser_hash, provider, subject, login, email, expires_at) "
    "VALUES ($1, $2, 'github', $3, $4, $5, now() + interval '15 minutes') "
    "ON CONFLICT (browser_hash) DO UPDATE SET subject = excluded.subject, login = excluded.login, "
    "email = excluded.email, created_at = now(), expires_at = excluded.expires_at";
constexpr const char* claim_of_sql =
    "SELECT email, login FROM identity_claims WHERE browser_hash = $1 AND expires_at > now()";
constexpr const char* lock_claim_sql =
    "SELECT id, email, subject, login FROM identity_claims WHERE browser_hash = $1 AND expires_at > now() "
    "FOR UPDATE";
constexpr const char* settle_claim_sql = "DELETE FROM identity_claims WHERE id = $1";

/// Thrown to undo a transaction whose person or GitHub account is joined otherwise.
struct Joined {};

using Arrival = std::variant<Result<NewSession>, Claim>;

}  // namespace

Task<Arrival> Identities::arrive(GithubAccount account, std::string email, std::string language,
                                 std::string browser, Client client) {
    auto work = [&](db::Transaction& tx) -> Task<Arrival> {
        co_await take_turn(tx, account);
        const auto holder = co_await tx.query(has_account_sql, email);
        if (holder.empty()) {
            auto session = co_await let_in(tx, email, language, account.name, client, "github");
            if (!session) co_return session;
            const bool joined = co_await join(tx, session->user, account);
            // Another browser of the same person was quicker, with another address: its account it is.
            if (!joined) throw db::SerializationFailure("40001", "", "a GitHub account was joined meanwhile");
            co_await note_link(tx, session->user, client);
            co_return session;
        }
        // Looked for again: the same person may have been quicker in another tab.
        const auto known = co_await recognise(tx, account);
        if (known) co_return co_await let_in(tx, *known, client, "github");
        const auto claim = Uuid::make();
        const auto from = crypto::sha256(browser);
        co_await tx.query(claim_sql, claim, from, account.subject, account.login, email);
        co_return Claim{email, account.login};
    };
    co_return co_await db_.transaction(work);
}

Task<std::optional<Claim>> Identities::claim_of(std::string browser) {
    const auto from = token_hash(browser);
    if (!from) co_return std::nullopt;
    const auto rows = co_await db_.query(claim_of_sql, *from);
    if (rows.empty()) co_return std::nullopt;
    co_return Claim{rows[0].get<std::string>(0), rows[0].get<std::string>(1)};
}

Task<Result<NewSession>> Identities::confirm(std::string browser, std::string code, std::string secret,
                                             Client client) {
    const Error nothing(ErrorCode::not_found, "No GitHub account waits in this browser. Begin again.");
    const auto from = token_hash(browser);
    if (!from) co_return nothing;
    // Returned, not thrown, so that a wrong try stays counted.
    auto work = [&](db::Transaction& tx) -> Task<Result<NewSession>> {
        const auto rows = co_await tx.query(lock_claim_sql, *from);
        if (rows.empty()) co_return nothing;
        const auto email = rows[0].get<std::string>(1);
        const GithubAccount account{rows[0].get<std::string>(2), rows[0].get<std::string>(3), ""};
        co_await take_turn(tx, account);
        const auto language = co_await use_code(tx, secret, email, code);
        if (!language) co_return wrong_code();
        const auto id = rows[0].get<Uuid>(0);
        co_await tx.query(settle_claim_sql, id);
        auto session = co_await let_in(tx, email, *language, "", client, "github");
        if (!session) co_return session;
        const bool joined = co_await join(tx, session->user, account);
        if (!joined) throw Joined();
        co_await note_link(tx, session->user, client);
        co_return session;
    };
    // What was written on the way in goes again; the code is used up only by who gets in.
    try {
        co_return co_await db_.transaction(work);
    } catch (const Joined&) {
        co_return Error(ErrorCode::conflict, "This account or that of GitHub is linked to another one.");
    }
}

}  // namespace bb::accounts
