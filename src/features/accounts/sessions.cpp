#include "features/accounts/sessions.hpp"

#include <algorithm>

#include "base/core/json_writer.hpp"
#include "base/core/log.hpp"
#include "base/net/timer.hpp"
#include "features/accounts/github/departures.hpp"
#include "features/accounts/passkeys.hpp"
#include "services/mail/queue.hpp"

namespace bb::accounts {
namespace {

constexpr const char* begin_sql =
    "WITH before AS (SELECT coalesce(erase_at > clock_timestamp(), false) AS waited FROM users WHERE id = "
    "$2), "
    "seen AS (UPDATE users SET last_seen_at = now(), "
    "erase_at = CASE WHEN erase_at > clock_timestamp() THEN NULL ELSE erase_at END WHERE id = $2) "
    "INSERT INTO sessions (id, user_id, token_hash, device, network, expires_at, undid_erasure) "
    "VALUES ($1, $2, $3, $4, $5, now() + interval '30 days', coalesce((SELECT waited FROM before), false)) "
    "RETURNING expires_at, undid_erasure";
constexpr const char* list_sql =
    "SELECT id, device, network, created_at, last_seen_at, expires_at FROM sessions "
    "WHERE user_id = $1 AND expires_at > now() ORDER BY last_seen_at DESC, id DESC LIMIT 200";
constexpr const char* end_sql = "DELETE FROM sessions WHERE user_id = $1 AND id = $2 RETURNING token_hash";
constexpr const char* end_others_sql =
    "DELETE FROM sessions WHERE user_id = $1 AND id <> $2 RETURNING token_hash";
constexpr const char* proof_sql =
    "SELECT proved_at > now() - interval '15 minutes' FROM sessions WHERE user_id = $1 AND id = $2";
constexpr const char* waits_sql = "SELECT erase_at IS NOT NULL FROM users WHERE id = $1";
constexpr const char* undid_erasure_sql =
    "SELECT undid_erasure FROM sessions WHERE user_id = $1 AND id = $2 AND token_hash = $3";
// A code's row is kept an hour longer than it is good for, because it still counts against flooding.
constexpr const char* sweep_sessions_sql = "DELETE FROM sessions WHERE expires_at < now()";
constexpr const char* sweep_codes_sql =
    "DELETE FROM sign_in_codes WHERE expires_at < now() - interval '1 hour'";
constexpr const char* sweep_links_sql =
    "DELETE FROM setup_links WHERE expires_at < now() - interval '1 hour'";
constexpr const char* sweep_invitations_sql =
    "DELETE FROM invitations WHERE expires_at < now() - interval '30 days'";
constexpr const char* sweep_address_changes_sql = "DELETE FROM address_changes WHERE expires_at < now()";
constexpr const char* sweep_devices_sql =
    "DELETE FROM known_devices WHERE last_seen_at < now() - interval '1 year'";
constexpr const char* sweep_keys_sql = "DELETE FROM api_keys WHERE expires_at < now() - interval '30 days'";

struct Draft {
    SessionId id = SessionId::make();
    std::string token = crypto::random_token();
    crypto::Digest hash = crypto::sha256(token);
};

NewSession finished(Draft draft, const db::Rows& rows) {
    return {draft.id, std::move(draft.token), rows[0].get<Time>(0), {}, {}};
}

}  // namespace

Task<NewSession> Sessions::begin(UserId owner, Client client) {
    auto work = [&](db::Transaction& tx) -> Task<NewSession> {
        auto session = co_await begin_session(tx, owner, client);
        audit::Entry entry{audit::by_operator(), "session.created", "person", owner.text()};
        co_await audit::append(tx, std::move(entry));
        co_return session;
    };
    co_return co_await db_.transaction(work);
}

Task<NewSession> begin_session(db::Transaction& tx, UserId owner, Client client) {
    Draft draft;
    const auto rows =
        co_await tx.query(begin_sql, draft.id, owner, draft.hash, client.device, client.network);
    auto session = finished(std::move(draft), rows);
    session.user = owner;
    if (rows[0].get<bool>(1)) {
        audit::Origin origin;
        origin.person = owner.value;
        origin.network = client.network;
        origin.request_id = client.request_id;
        audit::Entry entry{std::move(origin), "account.erasure_undone", "person", owner.text()};
        co_await audit::append(tx, std::move(entry));
    }
    co_return session;
}

Task<std::vector<Session>> Sessions::list(UserId owner) {
    const auto rows = co_await db_.query(list_sql, owner);
    std::vector<Session> sessions;
    for (const auto& row : rows)
        sessions.push_back({row.get<SessionId>(0), row.get<std::string>(1), row.get<std::string>(2),
                            row.get<Time>(3), row.get<Time>(4), row.get<Time>(5)});
    co_return sessions;
}

Task<Result<crypto::Digest>> Sessions::end(UserId owner, SessionId id, audit::Origin origin,
                                           std::string action) {
    auto work = [&](db::Transaction& tx) -> Task<std::optional<crypto::Digest>> {
        const auto rows = co_await tx.query(end_sql, owner, id);
        if (rows.empty()) co_return std::nullopt;
        audit::Entry entry{origin, action, "session", id.text()};
        co_await audit::append(tx, std::move(entry));
        co_return rows[0].get<crypto::Digest>(0);
    };
    const auto ended = co_await db_.transaction(work);
    if (!ended) co_return not_found("session");
    co_return *ended;
}

Task<std::vector<crypto::Digest>> Sessions::end_others(UserId owner, SessionId kept, audit::Origin origin) {
    auto work = [&](db::Transaction& tx) -> Task<std::vector<crypto::Digest>> {
        const auto rows = co_await tx.query(end_others_sql, owner, kept);
        std::vector<crypto::Digest> ended;
        for (const auto& row : rows) ended.push_back(row.get<crypto::Digest>(0));
        if (ended.empty()) co_return ended;
        audit::Entry entry{origin, "session.revoked", "person", owner.text()};
        const auto count = static_cast<std::int64_t>(ended.size());
        entry.details = JsonWriter().object().field("others", count).end().take();
        co_await audit::append(tx, std::move(entry));
        co_return ended;
    };
    co_return co_await db_.transaction(work);
}

Task<Result<void>> Sessions::check_proof(UserId owner, SessionId id) {
    const auto rows = co_await db_.query(proof_sql, owner, id);
    if (!rows.empty() && rows[0].get<bool>(0)) co_return Result<void>();
    co_return Error(ErrorCode::proof_too_old,
                    "This asks for a new proof that it is you: have a code mailed to you, and enter it.");
}

Task<bool> Sessions::waits_for_erasure(UserId owner) {
    const auto rows = co_await db_.query(waits_sql, owner);
    co_return !rows.empty() && rows[0].get<bool>(0);
}

Task<std::optional<bool>> Sessions::undid_erasure(UserId owner, SessionId id, crypto::Digest held) {
    const auto rows = co_await db_.query(undid_erasure_sql, owner, id, held);
    if (rows.empty()) co_return std::nullopt;
    co_return rows[0].get<bool>(0);
}

Task<void> sweep_expired(db::Database& db) {
    co_await db.query(sweep_sessions_sql);
    co_await db.query(sweep_codes_sql);
    co_await db.query(sweep_links_sql);
    co_await db.query(sweep_invitations_sql);
    co_await db.query(sweep_keys_sql);
    co_await db.query(sweep_address_changes_sql);
    co_await db.query(sweep_devices_sql);
    co_await mail::sweep_queue(db);
    co_await sweep_departures(db);
    co_await sweep_challenges(db);
}

Task<void> sweep_hourly(db::Database& db) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    while (state.cancelled() == boost::asio::cancellation_type::none) {
        try {
            co_await sweep_expired(db);
        } catch (const std::exception& fault) {
            log::warn("expired sessions are left for later", {{"reason", fault.what()}});
        }
        co_await net::sleep_for(std::chrono::hours(1));
    }
}

}  // namespace bb::accounts
