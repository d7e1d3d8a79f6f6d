#include "services/mail/queue.hpp"

#include <chrono>
#include <exception>

#include "base/core/log.hpp"
#include "base/net/timer.hpp"

namespace bb::mail {
namespace {

constexpr int most_at_once = 50;
constexpr std::chrono::seconds pause{2};

constexpr const char* enqueue_sql =
    "INSERT INTO mail_queue (user_id, address, kind, language, payload) VALUES ($1, $2, $3, $4, $5)";
// Claiming moves the next try on, further than any try takes: who dies meanwhile leaves the row to be tried
// again.
// What is told of a change of address goes out always: it may be the only warning.
constexpr const char* claim_sql =
    "WITH due AS (SELECT id FROM mail_queue WHERE state = 'waiting' AND next_try_at <= now() "
    "ORDER BY next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED), "
    "mine AS (UPDATE mail_queue q SET attempts = attempts + 1, next_try_at = now() + interval '2 minutes' "
    "FROM due WHERE q.id = due.id RETURNING q.*) "
    "SELECT m.id, m.user_id, coalesce(m.address, u.email), m.kind, m.language, m.payload, "
    "m.kind NOT LIKE 'address%' AND EXISTS "
    "(SELECT FROM bouncing_addresses b WHERE b.address = coalesce(m.address, u.email)) "
    "FROM mine m LEFT JOIN users u ON u.id = m.user_id";
constexpr const char* done_sql = "DELETE FROM mail_queue WHERE id = $1";
constexpr const char* park_sql = "UPDATE mail_queue SET state = 'parked' WHERE id = $1";
constexpr const char* bounce_sql =
    "WITH parked AS (UPDATE mail_queue SET state = 'parked' WHERE id = $1) "
    "INSERT INTO bouncing_addresses (address) VALUES ($2) ON CONFLICT DO NOTHING";
// After 1, 4, 16 and 64 minutes, then every four hours; a little apart, so that what was put off together
// does not come back together.
constexpr const char* put_off_sql =
    "UPDATE mail_queue SET "
    "state = CASE WHEN created_at < now() - interval '2 days' THEN 'parked' ELSE state END, "
    "next_try_at = now() + least(interval '1 minute' * power(4, least(attempts, 9) - 1), interval '4 hours') "
    "* (1 + random() / 10) WHERE id = $1";
constexpr const char* forgive_sql = "DELETE FROM bouncing_addresses WHERE address = $1";
constexpr const char* sweep_sql =
    "DELETE FROM mail_queue WHERE state = 'parked' AND created_at < now() - interval '30 days'";

struct Claimed {
    Queued notice;
    bool bounces = false;
};

Task<std::optional<Claimed>> claim(db::Database& db) {
    const auto rows = co_await db.query(claim_sql);
    if (rows.empty()) co_return std::nullopt;
    const auto row = rows[0];
    Claimed claimed;
    claimed.notice.id = row.get<Uuid>(0);
    claimed.notice.person = row.get<std::optional<Uuid>>(1);
    claimed.notice.address = row.get<std::string>(2);
    claimed.notice.kind = row.get<std::string>(3);
    claimed.notice.language = row.get<std::string>(4);
    claimed.notice.payload = row.get<std::string>(5);
    claimed.bounces = row.get<bool>(6);
    co_return claimed;
}

/// Nullopt for a notice that nobody knows how to write: it would not be known later either.
std::optional<Message> composed(const Compose& compose, const Queued& notice) {
    try {
        auto message = compose(notice);
        message.id = notice.id.text();
        return message;
    } catch (const std::exception& failure) {
        log::error("a notice cannot be written",
                   {{"id", notice.id.text()}, {"kind", notice.kind}, {"reason", failure.what()}});
        return std::nullopt;
    }
}

Task<Outcome> try_to_send(Sender& sender, Message message) {
    Outcome outcome;
    try {
        outcome = co_await sender.try_once(std::move(message));
    } catch (const std::exception& failure) {
        outcome.detail = failure.what();
    }
    co_return outcome;
}

Task<void> settle(db::Database& db, const Queued& notice, const Outcome& outcome) {
    if (outcome.delivered)
        co_await db.query(done_sql, notice.id);
    else if (outcome.permanent && outcome.recipient)
        co_await db.query(bounce_sql, notice.id, notice.address);
    else  // also what the mail server has against us: it may be repaired
        co_await db.query(put_off_sql, notice.id);
    if (!outcome.delivered)
        log::warn(outcome.recipient ? "a notice was refused" : "a notice was put off",
                  {{"id", notice.id.text()}, {"kind", notice.kind}, {"reason", outcome.detail}});
}

}  // namespace

Task<void> enqueue(db::Transaction& tx, Notice notice) {
    const db::Json payload{notice.payload};
    co_await tx.query(enqueue_sql, notice.person, notice.address, notice.kind, notice.language, payload);
}

Task<int> deliver_due(db::Database& db, Sender& sender, const Compose& compose) {
    int tried = 0;
    while (tried < most_at_once) {
        const auto claimed = co_await claim(db);
        if (!claimed) break;
        ++tried;
        if (claimed->bounces) {
            co_await db.query(park_sql, claimed->notice.id);
            continue;
        }
        auto message = composed(compose, claimed->notice);
        if (!message) {
            co_await db.query(park_sql, claimed->notice.id);
            continue;
        }
        const auto outcome = co_await try_to_send(sender, std::move(*message));
        co_await settle(db, claimed->notice, outcome);
    }
    co_return tried;
}

Task<void> keep_delivering(db::Database& db, Sender& sender, Compose compose) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    while (state.cancelled() == boost::asio::cancellation_type::none) {
        try {
            co_await deliver_due(db, sender, compose);
        } catch (const std::exception& failure) {
            log::warn("notices wait", {{"reason", failure.what()}});
        }
        co_await net::sleep_for(pause);
    }
}

Task<void> forgive_bounces(db::Database& db, std::string address) {
    co_await db.query(forgive_sql, address);
}

Task<void> sweep_queue(db::Database& db) {
    co_await db.query(sweep_sql);
}

}  // namespace bb::mail
