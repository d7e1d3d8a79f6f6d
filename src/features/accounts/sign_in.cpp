#include "features/accounts/sign_in.hpp"

#include <vector>

#include "base/core/json_writer.hpp"
#include "features/accounts/entrance.hpp"
#include "features/accounts/secrets.hpp"

namespace bb::accounts {
namespace {

constexpr const char* prepare_sql =
    "INSERT INTO sign_in_codes (id, email, code_hash, link_hash, language, expires_at) "
    "SELECT $1, $2, $3, $4, $5, now() + interval '10 minutes' "
    "WHERE EXISTS (SELECT FROM users WHERE email = $2) OR EXISTS (SELECT FROM sign_up_policy "
    "WHERE sign_up = 'open' OR (sign_up = 'domains' AND split_part($2, '@', 2) = ANY(domains))) "
    "OR EXISTS (SELECT FROM invitations WHERE email = $2 AND accepted_at IS NULL AND revoked_at IS NULL "
    "AND expires_at > now())";
constexpr const char* open_codes_sql =
    "SELECT id, code_hash, language FROM sign_in_codes "
    "WHERE email = $1 AND used_at IS NULL AND attempts < 5 AND expires_at > now() ORDER BY id FOR UPDATE";
constexpr const char* count_try_sql = "UPDATE sign_in_codes SET attempts = attempts + 1 WHERE id = ANY($1)";
constexpr const char* take_link_sql =
    "UPDATE sign_in_codes SET used_at = now() WHERE link_hash = $1 AND used_at IS NULL AND expires_at > "
    "now() "
    "RETURNING email, language";
// An invitation stays open when its person may not come in.
constexpr const char* find_invitation_sql =
    "SELECT email, language FROM invitations WHERE token_hash = $1 AND accepted_at IS NULL "
    "AND revoked_at IS NULL AND expires_at > now() FOR UPDATE";
constexpr const char* close_invitation_sql =
    "UPDATE invitations SET accepted_at = now() WHERE token_hash = $1 AND accepted_at IS NULL";
constexpr const char* email_sql = "SELECT email FROM users WHERE id = $1";
// Who stole the token must not share in the proof. Of two proofs by one token the first counts.
constexpr const char* prove_sql =
    "WITH proved AS (UPDATE sessions SET proved_at = now(), token_hash = $4 "
    "WHERE user_id = $1 AND id = $2 AND token_hash = $3 RETURNING id) "
    "SELECT pg_notify('session_ended', encode($3, 'hex')) FROM proved";
constexpr const char* use_up_sql =
    "UPDATE sign_in_codes SET used_at = now() WHERE email = $1 AND used_at IS NULL";

Error wrong_link() {
    return {ErrorCode::unauthenticated, "This link is used or out of date. Ask for a new one."};
}

/// The open codes of one address, as by_code found and locked them.
struct OpenCodes {
    std::vector<Uuid> ids;
    bool fits = false;
    std::string language = "en";
};

OpenCodes compare(const db::Rows& rows, const crypto::Digest& hash) {
    const std::string_view wanted(reinterpret_cast<const char*>(hash.data()), hash.size());
    OpenCodes open;
    for (const auto& row : rows) {
        open.ids.push_back(row.get<Uuid>(0));
        if (!crypto::equal(row.get<std::string_view>(1), wanted)) continue;
        open.fits = true;
        open.language = row.get<std::string>(2);
    }
    return open;
}

}  // namespace

Error wrong_code() {
    return {ErrorCode::unauthenticated, "This code is wrong, used or out of date. Ask for a new one."};
}

Task<std::optional<std::string>> use_code(db::Transaction& tx, const std::string& secret,
                                          const std::string& email, const std::string& code) {
    const auto rows = co_await tx.query(open_codes_sql, email);
    const auto open = compare(rows, code_hash(secret, email, code));
    if (!open.fits) {
        co_await tx.query(count_try_sql, open.ids);
        co_return std::nullopt;
    }
    // The address has been proved: whatever else was mailed to it is of no use any more.
    co_await tx.query(use_up_sql, email);
    co_return open.language;
}

Task<std::optional<SignInSecrets>> SignIn::prepare(std::string email, std::string language) {
    SignInSecrets secrets{crypto::random_digits(6), crypto::random_token()};
    const auto id = Uuid::make();
    const auto code = code_hash(secret_, email, secrets.code);
    const auto link = crypto::sha256(secrets.link_token);
    const auto made = co_await db_.query(prepare_sql, id, email, code, link, language);
    if (made.affected() == 0) co_return std::nullopt;
    co_return secrets;
}

Task<Result<NewSession>> SignIn::by_code(std::string email, std::string code, Client client) {
    auto attempt = [&](db::Transaction& tx) -> Task<Result<NewSession>> {
        auto language = co_await use_code(tx, secret_, email, code);
        if (!language) co_return wrong_code();
        co_return co_await let_in(tx, email, std::move(*language), "", client, "code");
    };
    co_return co_await db_.transaction(attempt);
}

Task<Result<NewSession>> SignIn::by_link(std::string token, Client client) {
    const auto hash = token_hash(token);
    if (!hash) co_return wrong_link();
    auto attempt = [&](db::Transaction& tx) -> Task<Result<NewSession>> {
        const auto rows = co_await tx.query(take_link_sql, *hash);
        if (rows.empty()) co_return wrong_link();
        auto email = rows[0].get<std::string>(0);
        auto language = rows[0].get<std::string>(1);
        co_await tx.query(use_up_sql, email);
        co_return co_await let_in(tx, std::move(email), std::move(language), "", client, "link");
    };
    co_return co_await db_.transaction(attempt);
}

Task<Result<NewSession>> SignIn::by_invitation(std::string token, Client client) {
    const Error refused(
        ErrorCode::unauthenticated,
        "This invitation is used, withdrawn or out of date. Ask your administrator for a new one.");
    const auto hash = token_hash(token);
    if (!hash) co_return refused;
    auto attempt = [&](db::Transaction& tx) -> Task<Result<NewSession>> {
        const auto rows = co_await tx.query(find_invitation_sql, *hash);
        if (rows.empty()) co_return refused;
        auto email = rows[0].get<std::string>(0);
        auto language = rows[0].get<std::string>(1);
        co_await tx.query(use_up_sql, email);
        auto session = co_await let_in(tx, std::move(email), std::move(language), "", client, "invitation");
        if (session) co_await tx.query(close_invitation_sql, *hash);
        co_return session;
    };
    co_return co_await db_.transaction(attempt);
}

Task<Result<std::string>> SignIn::prove_again(UserId owner, SessionId session, crypto::Digest held,
                                              std::string code, audit::Origin origin) {
    auto attempt = [&](db::Transaction& tx) -> Task<Result<std::string>> {
        const auto person = co_await tx.query(email_sql, owner);
        if (person.empty()) co_return wrong_code();
        const auto email = person[0].get<std::string>(0);
        const auto language = co_await use_code(tx, secret_, email, code);
        if (!language) co_return wrong_code();
        auto token = crypto::random_token();
        const auto proved = co_await tx.query(prove_sql, owner, session, held, crypto::sha256(token));
        if (proved.empty()) co_return wrong_code();
        audit::Entry entry{origin, "reauthentication.succeeded", "session", session.text()};
        co_await audit::append(tx, std::move(entry));
        co_return token;
    };
    co_return co_await db_.transaction(attempt);
}

}  // namespace bb::accounts
