#include "features/accounts/privacy/account_data.hpp"

#include "base/core/json_writer.hpp"
#include "features/accounts/people.hpp"

namespace bb::accounts {
namespace {

constexpr const char* find_account_sql =
    "SELECT id, email, name, role, language, theme, created_at, suspended_at, last_seen_at FROM users WHERE "
    "id = $1";
constexpr const char* sessions_sql =
    "SELECT device, network, created_at, last_seen_at, expires_at FROM sessions WHERE user_id = $1 "
    "ORDER BY created_at LIMIT 1000";
constexpr const char* identities_sql =
    "SELECT provider, login, created_at, last_used_at FROM identities WHERE user_id = $1 ORDER BY created_at";
constexpr const char* passkeys_sql =
    "SELECT name, site, created_at, last_used_at FROM passkeys WHERE user_id = $1 ORDER BY created_at";
constexpr const char* keys_sql =
    "SELECT name, scopes, token_start, created_at, expires_at, last_used_at, last_used_network FROM api_keys "
    "WHERE user_id = $1 ORDER BY created_at";
constexpr const char* devices_sql =
    "SELECT device, network, last_seen_at FROM known_devices WHERE user_id = $1 ORDER BY last_seen_at "
    "LIMIT 1000";
constexpr const char* more_sql =
    "SELECT coalesce(c.new_device, true), coalesce(c.weekly, false), "
    "(SELECT count(*) FROM recovery_codes r WHERE r.user_id = $1 AND r.used_at IS NULL), "
    "(SELECT max(created_at) FROM recovery_codes r WHERE r.user_id = $1), "
    "(SELECT email FROM address_changes a WHERE a.user_id = $1) "
    "FROM (SELECT) one LEFT JOIN notice_choices c ON c.user_id = $1";
constexpr const char* token_use_sql =
    "SELECT day::text, tokens FROM token_use WHERE owner_id = $1 ORDER BY day DESC LIMIT 4000";
// The newest: a person who did more has to ask the operator for the rest.
constexpr const char* log_sql =
    "SELECT at, action, actor_id IS NOT DISTINCT FROM $1, network FROM audit_entries "
    "WHERE actor_id = $1 OR (subject_kind = 'person' AND subject_id = $2) ORDER BY seq DESC LIMIT 10000";
constexpr const char* kept_sql =
    "SELECT (SELECT count(*) FROM sessions WHERE user_id = $1 AND expires_at > now()), "
    "(SELECT count(*) FROM materials WHERE owner_id = $1 AND deleted_at IS NULL), "
    "(SELECT count(*) FROM files WHERE owner_id = $1 AND deleted_at IS NULL), "
    "(SELECT coalesce(sum(bytes), 0)::bigint FROM files WHERE owner_id = $1), "
    "(SELECT count(*) FROM threads WHERE owner_id = $1 AND deleted_at IS NULL), "
    "(SELECT count(*) FROM messages WHERE owner_id = $1)";

void write_sessions(JsonWriter& json, const db::Rows& rows) {
    json.key("sessions").array();
    for (const auto row : rows)
        json.object()
            .field("device", row.get<std::string>(0))
            .field("network", row.get<std::string>(1))
            .field("createdAt", row.get<Time>(2))
            .field("lastSeenAt", row.get<Time>(3))
            .field("expiresAt", row.get<Time>(4))
            .end();
    json.end();
}

void write_identities(JsonWriter& json, const db::Rows& rows) {
    json.key("identities").array();
    for (const auto row : rows)
        json.object()
            .field("provider", row.get<std::string>(0))
            .field("login", row.get<std::string>(1))
            .field("createdAt", row.get<Time>(2))
            .field("lastUsedAt", row.get<Time>(3))
            .end();
    json.end();
}

void write_passkeys(JsonWriter& json, const db::Rows& rows) {
    json.key("passkeys").array();
    for (const auto row : rows)
        json.object()
            .field("name", row.get<std::string>(0))
            .field("site", row.get<std::string>(1))
            .field("createdAt", row.get<Time>(2))
            .field("lastUsedAt", row.get<std::optional<Time>>(3))
            .end();
    json.end();
}

void write_keys(JsonWriter& json, const db::Rows& rows) {
    json.key("apiKeys").array();
    for (const auto row : rows) {
        json.object().field("name", row.get<std::string>(0)).key("scopes").array();
        for (const auto& scope : row.get<std::vector<std::string>>(1)) json.value(scope);
        json.end()
            .field("start", row.get<std::string>(2))
            .field("createdAt", row.get<Time>(3))
            .field("expiresAt", row.get<Time>(4))
            .field("lastUsedAt", row.get<std::optional<Time>>(5))
            .field("lastUsedNetwork", row.get<std::optional<std::string>>(6))
            .end();
    }
    json.end();
}

void write_devices(JsonWriter& json, const db::Rows& rows) {
    json.key("knownDevices").array();
    for (const auto row : rows)
        json.object()
            .field("device", row.get<std::string>(0))
            .field("network", row.get<std::string>(1))
            .field("lastSeenAt", row.get<Time>(2))
            .end();
    json.end();
}

/// Which notices are wanted, how many recovery codes are left, and the address that waits for its proof.
void write_more(JsonWriter& json, const db::Row& row) {
    json.key("notices").object().field("newDevice", row.get<bool>(0)).field("weekly", row.get<bool>(1)).end();
    json.key("recoveryCodes")
        .object()
        .field("left", row.get<std::int64_t>(2))
        .field("createdAt", row.get<std::optional<Time>>(3))
        .end();
    json.field("addressAsked", row.get<std::optional<std::string>>(4));
}

/// What lets the person in, and what they are told of it. No hash is of use to anybody.
Task<void> write_ways_in(db::Transaction& tx, UserId owner, JsonWriter& json) {
    const auto sessions = co_await tx.query(sessions_sql, owner);
    write_sessions(json, sessions);
    const auto identities = co_await tx.query(identities_sql, owner);
    write_identities(json, identities);
    const auto passkeys = co_await tx.query(passkeys_sql, owner);
    write_passkeys(json, passkeys);
    const auto keys = co_await tx.query(keys_sql, owner);
    write_keys(json, keys);
    const auto devices = co_await tx.query(devices_sql, owner);
    write_devices(json, devices);
    const auto more = co_await tx.query(more_sql, owner);
    write_more(json, more[0]);
}

void write_log(JsonWriter& json, const db::Rows& rows) {
    json.key("log").array();
    for (const auto row : rows) {
        const bool own = row.get<bool>(2);
        json.object().field("at", row.get<Time>(0)).field("action", row.get<std::string>(1));
        json.field("by", own ? "you" : "others");
        if (own) json.field("network", row.get<std::string>(3));
        json.end();
    }
    json.end();
}

}  // namespace

Task<Result<std::string>> account_json(db::Transaction& tx, UserId owner) {
    const auto found = co_await tx.query(find_account_sql, owner);
    if (found.empty()) co_return not_found("account");
    const auto user = read_user(found[0]);
    JsonWriter json;
    json.object()
        .field("id", user.id)
        .field("email", user.email)
        .field("name", user.name)
        .field("role", user.role)
        .field("language", user.language)
        .field("theme", user.theme)
        .field("createdAt", user.created_at)
        .field("lastSeenAt", user.last_seen_at);
    co_await write_ways_in(tx, owner, json);
    json.key("tokenUse").array();
    const auto days = co_await tx.query(token_use_sql, owner);
    for (const auto row : days)
        json.object().field("day", row.get<std::string>(0)).field("tokens", row.get<std::int64_t>(1)).end();
    json.end();
    const auto log = co_await tx.query(log_sql, owner, owner.text());
    write_log(json, log);
    co_return json.end().take();
}

Task<Kept> kept_of(db::Database& db, UserId owner) {
    const auto rows = co_await db.query(kept_sql, owner);
    const auto row = rows[0];
    co_return Kept{row.get<std::int64_t>(0), row.get<std::int64_t>(1), row.get<std::int64_t>(2),
                   row.get<std::int64_t>(3), row.get<std::int64_t>(4), row.get<std::int64_t>(5)};
}

}  // namespace bb::accounts
