#include "features/accounts/keys.hpp"

#include <algorithm>

#include "base/core/json_writer.hpp"
#include "features/accounts/secrets.hpp"
#include "features/accounts/sessions.hpp"

namespace bb::accounts {
namespace {

constexpr std::string_view prefix = "bb_";
constexpr std::size_t shown = 8;  // characters of a token: the prefix and 30 bits of 256

constexpr const char* list_keys_sql =
    "SELECT id, name, scopes, token_start, created_at, expires_at, last_used_at, last_used_network "
    "FROM api_keys WHERE user_id = $1 ORDER BY id DESC LIMIT 200";
// Locked, so that two requests cannot both make the last key there is room for.
constexpr const char* lock_owner_sql = "SELECT role FROM users WHERE id = $1 FOR NO KEY UPDATE";
constexpr const char* count_sql = "SELECT count(*) FROM api_keys WHERE user_id = $1 AND expires_at > now()";
constexpr const char* create_key_sql =
    "INSERT INTO api_keys (id, user_id, name, scopes, token_hash, token_start, expires_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(days => $7)) "
    "RETURNING id, name, scopes, token_start, created_at, expires_at, last_used_at, last_used_network";
constexpr const char* revoke_key_sql =
    "DELETE FROM api_keys WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2) RETURNING token_hash, user_id";
constexpr const char* lock_key_sql =
    "SELECT user_id, last_used_at IS NULL FROM api_keys WHERE id = $1 "
    "AND (last_used_at IS NULL OR last_used_at < now() - interval '9 minutes') FOR UPDATE";
constexpr const char* use_sql =
    "UPDATE api_keys SET last_used_at = now(), last_used_network = $2 WHERE id = $1";

ApiKey read_key(const db::Row& row) {
    return {row.get<KeyId>(0),
            row.get<std::string>(1),
            row.get<std::vector<std::string>>(2),
            row.get<std::string>(3),
            row.get<Time>(4),
            row.get<Time>(5),
            row.get<std::optional<Time>>(6),
            row.get<std::optional<std::string>>(7)};
}

bool wants(const NewKey& key, std::string_view scope) {
    return std::find(key.scopes.begin(), key.scopes.end(), scope) != key.scopes.end();
}

std::string details_of(const ApiKey& key) {
    JsonWriter json;
    json.object().key("scopes").array();
    for (const auto& scope : key.scopes) json.value(scope);
    return json.end().field("expiresAt", key.expires_at).end().take();
}

Task<Result<crypto::Digest>> end_key(db::Database& db, std::optional<UserId> owner, KeyId id,
                                     audit::Origin origin) {
    auto work = [&](db::Transaction& tx) -> Task<Result<crypto::Digest>> {
        const auto rows = co_await tx.query(revoke_key_sql, id, owner);
        if (rows.empty()) co_return not_found("API key");
        audit::Entry entry{origin, "key.revoked", "key", id.text()};
        if (!owner) {  // told to its person: "who looked at my data?"
            entry = {origin, "key.revoked", "person", rows[0].get<UserId>(1).text()};
            entry.details = JsonWriter().object().field("key", id.text()).end().take();
        }
        co_await audit::append(tx, std::move(entry));
        co_return rows[0].get<crypto::Digest>(0);
    };
    co_return co_await db.transaction(work);
}

}  // namespace

std::optional<crypto::Digest> key_hash(std::string_view token) {
    if (!token.starts_with(prefix) || !token_hash(token.substr(prefix.size()))) return std::nullopt;
    return crypto::sha256(token);
}

Task<std::vector<ApiKey>> Keys::list(UserId owner) {
    const auto rows = co_await db_.query(list_keys_sql, owner);
    std::vector<ApiKey> keys;
    for (const auto& row : rows) keys.push_back(read_key(row));
    co_return keys;
}

Task<Result<MadeKey>> Keys::create(UserId owner, NewKey key, audit::Origin origin) {
    const auto id = KeyId::make();
    const std::string token = std::string(prefix) + crypto::random_token();
    const auto hash = crypto::sha256(token);
    const std::string start = token.substr(0, shown);
    auto work = [&](db::Transaction& tx) -> Task<Result<MadeKey>> {
        const auto person = co_await tx.query(lock_owner_sql, owner);
        if (person.empty()) co_return not_found("account");
        if (wants(key, "admin") && person[0].get<std::string_view>(0) != "administrator")
            co_return Error(ErrorCode::forbidden,
                            "Only an administrator may make a key with the scope \"admin\".");
        const auto count = co_await tx.query(count_sql, owner);
        if (count[0].get<std::int64_t>(0) >= most)
            co_return Error(ErrorCode::conflict, "You have 20 API keys already. Revoke one first.");
        const auto rows =
            co_await tx.query(create_key_sql, id, owner, key.name, key.scopes, hash, start, key.days);
        MadeKey made{read_key(rows[0]), token};
        audit::Entry entry{origin, "key.created", "key", id.text()};
        entry.details = details_of(made.key);
        co_await audit::append(tx, std::move(entry));
        co_return made;
    };
    co_return co_await db_.transaction(work);
}

Task<Result<crypto::Digest>> Keys::revoke(UserId owner, KeyId id, audit::Origin origin) {
    return end_key(db_, owner, id, std::move(origin));
}

Task<Result<crypto::Digest>> Keys::revoke_of_any_owner(KeyId id) {
    return end_key(db_, std::nullopt, id, audit::by_operator());
}

Task<void> note_key_use(db::Database& db, KeyId id, std::string network) {
    auto work = [&](db::Transaction& tx) -> Task<void> {
        const auto rows = co_await tx.query(lock_key_sql, id);
        if (rows.empty()) co_return;
        co_await tx.query(use_sql, id, network);
        if (!rows[0].get<bool>(1)) co_return;
        audit::Origin origin;
        origin.person = rows[0].get<Uuid>(0);
        origin.network = network;
        audit::Entry entry{std::move(origin), "key.first_used", "key", id.text()};
        co_await audit::append(tx, std::move(entry));
    };
    co_await db.transaction(work);
}

}  // namespace bb::accounts
