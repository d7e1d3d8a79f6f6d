#include "features/accounts/sessions.hpp"

#include <algorithm>

#include "base/core/log.hpp"
#include "base/net/timer.hpp"
#include "features/accounts/passkeys.hpp"

namespace bb::accounts {
namespace {

constexpr const char* begin_sql =
    "INSERT INTO sessions (id, user_id, token_hash, device, network, expires_at) "
    "VALUES ($1, $2, $3, $4, $5, now() + interval '30 days') RETURNING expires_at";
constexpr const char* list_sql =
    "SELECT id, device, network, created_at, last_seen_at, expires_at FROM sessions "
    "WHERE user_id = $1 AND expires_at > now() ORDER BY last_seen_at DESC, id DESC LIMIT 200";
constexpr const char* end_sql = "DELETE FROM sessions WHERE user_id = $1 AND id = $2 RETURNING token_hash";
constexpr const char* end_others_sql =
    "DELETE FROM sessions WHERE user_id = $1 AND id <> $2 RETURNING token_hash";
constexpr const char* recently_proved_sql =
    "SELECT EXISTS (SELECT FROM sessions WHERE user_id = $1 AND id = $2 "
    "AND created_at > now() - interval '15 minutes')";
// A code's row is kept an hour longer than it is good for, because it still counts against flooding.
constexpr const char* sweep_sessions_sql = "DELETE FROM sessions WHERE expires_at < now()";
constexpr const char* sweep_codes_sql =
    "DELETE FROM sign_in_codes WHERE expires_at < now() - interval '1 hour'";
constexpr const char* sweep_links_sql =
    "DELETE FROM setup_links WHERE expires_at < now() - interval '1 hour'";

crypto::Digest read_digest(const db::Row& row, int column) {
    const auto bytes = row.get<std::string_view>(column);
    crypto::Digest digest{};
    std::copy_n(bytes.begin(), std::min(bytes.size(), digest.size()), digest.begin());
    return digest;
}

struct Draft {
    SessionId id = SessionId::make();
    std::string token = crypto::random_token();
    crypto::Digest hash = crypto::sha256(token);
};

NewSession finished(Draft draft, const db::Rows& rows) {
    return {draft.id, std::move(draft.token), rows[0].get<Time>(0), {}};
}

}  // namespace

Task<NewSession> Sessions::begin(UserId owner, Client client) {
    Draft draft;
    const auto rows =
        co_await db_.query(begin_sql, draft.id, owner, draft.hash, client.device, client.network);
    co_return finished(std::move(draft), rows);
}

Task<NewSession> begin_session(db::Transaction& tx, UserId owner, Client client) {
    Draft draft;
    const auto rows =
        co_await tx.query(begin_sql, draft.id, owner, draft.hash, client.device, client.network);
    co_return finished(std::move(draft), rows);
}

Task<std::vector<Session>> Sessions::list(UserId owner) {
    const auto rows = co_await db_.query(list_sql, owner);
    std::vector<Session> sessions;
    for (const auto& row : rows)
        sessions.push_back({row.get<SessionId>(0), row.get<std::string>(1), row.get<std::string>(2),
                            row.get<Time>(3), row.get<Time>(4), row.get<Time>(5)});
    co_return sessions;
}

Task<Result<crypto::Digest>> Sessions::end(UserId owner, SessionId id) {
    const auto rows = co_await db_.query(end_sql, owner, id);
    if (rows.empty()) co_return not_found("session");
    co_return read_digest(rows[0], 0);
}

Task<std::vector<crypto::Digest>> Sessions::end_others(UserId owner, SessionId kept) {
    const auto rows = co_await db_.query(end_others_sql, owner, kept);
    std::vector<crypto::Digest> ended;
    for (const auto& row : rows) ended.push_back(read_digest(row, 0));
    co_return ended;
}

Task<bool> recently_proved(db::Database& db, UserId owner, SessionId session) {
    const auto rows = co_await db.query(recently_proved_sql, owner, session);
    co_return rows[0].get<bool>(0);
}

Error proof_needed() {
    return {ErrorCode::forbidden,
            "This can be changed only within 15 minutes after signing in. Sign in again, then try again."};
}

Task<void> sweep_expired(db::Database& db) {
    co_await db.query(sweep_sessions_sql);
    co_await db.query(sweep_codes_sql);
    co_await db.query(sweep_links_sql);
    co_await sweep_challenges(db);
}

Task<void> sweep_hourly(db::Database& db) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    while (state.cancelled() == boost::asio::cancellation_type::none) {
        try {
            co_await sweep_expired(db);
        } catch (const db::Unavailable& away) {
            log::warn("expired sessions are left for later", {{"reason", away.what()}});
        }
        co_await net::sleep_for(std::chrono::hours(1));
    }
}

}  // namespace bb::accounts
