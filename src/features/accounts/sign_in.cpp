#include "features/accounts/sign_in.hpp"

#include <vector>

#include "features/accounts/people.hpp"
#include "features/accounts/secrets.hpp"

namespace bb::accounts {
namespace {

// Held to the end of the transaction, so that the count and the row that follows it are one step.
constexpr const char* lock_address_sql = "SELECT pg_advisory_xact_lock(7301, hashtext($1))";
constexpr const char* prepare_sql =
    "INSERT INTO sign_in_codes (id, email, code_hash, link_hash, language, expires_at) "
    "SELECT $1, $2, $3, $4, $5, now() + interval '10 minutes' WHERE (SELECT count(*) FROM sign_in_codes "
    "WHERE email = $2 AND used_at IS NULL AND created_at > now() - interval '15 minutes') < 5";
constexpr const char* open_codes_sql =
    "SELECT id, code_hash, language FROM sign_in_codes "
    "WHERE email = $1 AND used_at IS NULL AND attempts < 5 AND expires_at > now() ORDER BY id FOR UPDATE";
constexpr const char* count_try_sql = "UPDATE sign_in_codes SET attempts = attempts + 1 WHERE id = ANY($1)";
constexpr const char* take_link_sql =
    "UPDATE sign_in_codes SET used_at = now() WHERE link_hash = $1 AND used_at IS NULL AND expires_at > "
    "now() "
    "RETURNING email, language";
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

Task<NewSession> let_in(db::Transaction& tx, std::string email, std::string language, Client client) {
    const auto user = co_await find_or_create_student(tx, email, language);
    co_return co_await begin_session(tx, user, client);
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
    auto insert = [&](db::Transaction& tx) -> Task<bool> {
        co_await tx.query(lock_address_sql, email);
        const auto rows = co_await tx.query(prepare_sql, id, email, code, link, language);
        co_return rows.affected() == 1;
    };
    const bool made = co_await db_.transaction(insert);
    if (!made) co_return std::nullopt;
    co_return secrets;
}

Task<Result<NewSession>> SignIn::by_code(std::string email, std::string code, Client client) {
    auto attempt = [&](db::Transaction& tx) -> Task<std::optional<NewSession>> {
        auto language = co_await use_code(tx, secret_, email, code);
        if (!language) co_return std::nullopt;
        co_return co_await let_in(tx, email, std::move(*language), client);
    };
    auto session = co_await db_.transaction(attempt);
    if (!session) co_return wrong_code();
    co_return std::move(*session);
}

Task<Result<NewSession>> SignIn::by_link(std::string token, Client client) {
    const auto hash = token_hash(token);
    if (!hash) co_return wrong_link();
    auto attempt = [&](db::Transaction& tx) -> Task<std::optional<NewSession>> {
        const auto rows = co_await tx.query(take_link_sql, *hash);
        if (rows.empty()) co_return std::nullopt;
        auto email = rows[0].get<std::string>(0);
        auto language = rows[0].get<std::string>(1);
        co_await tx.query(use_up_sql, email);
        co_return co_await let_in(tx, std::move(email), std::move(language), client);
    };
    auto session = co_await db_.transaction(attempt);
    if (!session) co_return wrong_link();
    co_return std::move(*session);
}

}  // namespace bb::accounts
