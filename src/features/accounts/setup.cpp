#include "base/core/json_writer.hpp"
#include "features/accounts/people.hpp"
#include "features/accounts/secrets.hpp"
#include "features/accounts/sign_in.hpp"

namespace bb::accounts {
namespace {

// One at a time: two links must not make two first administrators.
constexpr const char* lock_setup_sql = "SELECT pg_advisory_xact_lock(7302, 0)";
constexpr const char* take_setup_link_sql =
    "UPDATE setup_links SET used_at = now() WHERE token_hash = $1 AND used_at IS NULL AND expires_at > now() "
    "AND NOT EXISTS (SELECT FROM users WHERE role = 'administrator') RETURNING id";
// The link proves the operator, not the address: whoever had an account with it keeps no open door to more
// power.
constexpr const char* former_sql = "SELECT id FROM users WHERE email = $1 FOR NO KEY UPDATE";
constexpr const char* end_sessions_sql = "DELETE FROM sessions WHERE user_id = $1";
constexpr const char* end_keys_sql = "DELETE FROM api_keys WHERE user_id = $1";
constexpr const char* administrator_sql =
    "INSERT INTO users (id, email, name, role) VALUES ($1, $2, $3, 'administrator') "
    "ON CONFLICT (email) DO UPDATE SET name = excluded.name, role = excluded.role, suspended_at = NULL, "
    "erase_at = NULL, "
    "updated_at = now(), "
    "version = users.version + 1 RETURNING id";
constexpr const char* create_link_sql =
    "INSERT INTO setup_links (id, token_hash, expires_at) SELECT $1, $2, now() + interval '30 minutes' "
    "WHERE NOT EXISTS (SELECT FROM users WHERE role = 'administrator')";

}  // namespace

Task<Result<NewSession>> SignIn::by_setup_link(FirstAdministrator person, Client client) {
    const auto hash = token_hash(person.token);
    const Error refused(
        ErrorCode::unauthenticated,
        "This link is used or out of date. The command `brainbytes setup` makes a new one while there "
        "is no administrator.");
    if (!hash) co_return refused;
    auto attempt = [&](db::Transaction& tx) -> Task<std::optional<NewSession>> {
        co_await tx.query(lock_setup_sql);
        const auto taken = co_await tx.query(take_setup_link_sql, *hash);
        if (taken.empty()) co_return std::nullopt;
        const auto former = co_await tx.query(former_sql, person.email);
        if (!former.empty()) {
            const auto known = former[0].get<UserId>(0);
            co_await tx.query(end_sessions_sql, known);
            co_await tx.query(end_keys_sql, known);
        }
        const auto id = UserId::make();
        const auto rows = co_await tx.query(administrator_sql, id, person.email, person.name);
        const auto user = rows[0].get<UserId>(0);
        auto session = co_await begin_session(tx, user, client);
        audit::Origin origin{user.value, false, client.network, client.request_id};
        audit::Entry entry{origin, "setup.completed", "person", user.text()};
        entry.details = JsonWriter().object().field("hadAccount", !former.empty()).end().take();
        co_await audit::append(tx, std::move(entry));
        co_return session;
    };
    auto session = co_await db_.transaction(attempt);
    if (!session) co_return refused;
    co_return std::move(*session);
}

Task<std::optional<std::string>> create_setup_link(db::Database& db, std::string origin) {
    const auto id = Uuid::make();
    const auto token = crypto::random_token();
    const auto hash = crypto::sha256(token);
    const auto rows = co_await db.query(create_link_sql, id, hash);
    if (rows.affected() == 0) co_return std::nullopt;
    co_return origin + "/setup#" + token;
}

}  // namespace bb::accounts
