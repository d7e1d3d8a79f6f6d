#include "features/tutor/housekeeper.hpp"

#include <unistd.h>

#include <vector>

#include "base/core/log.hpp"
#include "base/core/process.hpp"
#include "base/net/timer.hpp"
#include "features/tutor/threads.hpp"

namespace bb::tutor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds round_every{5};
constexpr int rounds_a_minute = 12;
constexpr seconds lease{20};  // the same in orphans_sql

constexpr const char* renew_sql =
    "INSERT INTO reply_nodes (boot, home, pid, started) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (boot) DO UPDATE SET seen_at = now()";
constexpr const char* predecessors_sql =
    "SELECT boot, pid, started FROM reply_nodes WHERE home = $1 AND boot <> $2";
constexpr const char* bury_sql = "DELETE FROM reply_nodes WHERE boot = ANY($1)";
constexpr const char* orphans_sql =
    "SELECT m.id FROM messages m WHERE m.state = 'streaming' AND m.boot <> $1 AND NOT EXISTS "
    "(SELECT FROM reply_nodes n WHERE n.boot = m.boot AND n.seen_at > now() - interval '20 seconds')";
constexpr const char* own_sql = "SELECT id FROM messages WHERE state = 'streaming' AND boot = $1";
constexpr const char* interrupt_sql =
    "WITH orphan AS (SELECT id FROM messages WHERE id = ANY($1) AND state = 'streaming' "
    "FOR UPDATE SKIP LOCKED), "
    "folded AS (SELECT o.id, string_agg(c.text, '' ORDER BY c.seq) AS text, "
    "(SELECT jsonb_agg(s ORDER BY d.seq) FROM reply_chunks d, jsonb_array_elements(d.sources) s "
    "WHERE d.message_id = o.id) AS sources "
    "FROM orphan o LEFT JOIN reply_chunks c ON c.message_id = o.id GROUP BY o.id), "
    "ended AS (UPDATE messages m SET state = 'interrupted', boot = NULL, text = m.text || coalesce(f.text, "
    "''), "
    "sources = CASE WHEN f.sources IS NULL THEN m.sources ELSE coalesce(m.sources, '[]') || f.sources END "
    "FROM folded f WHERE m.id = f.id RETURNING m.id), "
    "gone AS (DELETE FROM reply_chunks WHERE message_id IN (SELECT id FROM orphan)) "
    "SELECT pg_notify('reply_progress', id::text)::text FROM ended";
constexpr const char* tidy_sql =
    "WITH old AS (DELETE FROM reply_nodes WHERE seen_at < now() - interval '1 day') "
    "DELETE FROM reply_chunks c WHERE NOT EXISTS "
    "(SELECT FROM messages m WHERE m.id = c.message_id AND m.state = 'streaming')";

std::vector<Uuid> ids_of(const db::Rows& rows) {
    std::vector<Uuid> ids;
    for (const auto row : rows) ids.push_back(row.get<Uuid>(0));
    return ids;
}

}  // namespace

Task<void> Housekeeper::begin() {
    co_await renew();
    co_await bury_predecessors();
    co_await end_orphans();
}

Task<void> Housekeeper::keep() {
    for (;;) {
        try {
            co_await round();
        } catch (const std::exception& fault) {
            healthy_since_ = {};
            log::debug("reply housekeeping failed", {{"fault", fault.what()}});
        }
        co_await net::sleep_for(std::chrono::duration_cast<milliseconds>(round_every));
    }
}

Task<void> Housekeeper::round() {
    co_await renew();
    if (healthy_since_ == steady_clock::time_point{}) healthy_since_ = steady_clock::now();
    co_await bury_predecessors();
    co_await end_strays();
    // After an outage of the database every server's row is old: give the others time to renew theirs.
    if (steady_clock::now() - healthy_since_ >= lease) co_await end_orphans();
    if (++rounds_ % rounds_a_minute == 0) co_await db_.query(tidy_sql);
    // Soon after the start, then once an hour; the next round goes on when there was more.
    if (rounds_ >= next_purge_) {
        auto purged = co_await purge_deleted_of_any_owner(db_, keep_deleted_threads);
        purged += co_await purge_temporary_of_any_owner(db_, keep_temporary_threads);
        if (purged == 0) next_purge_ = rounds_ + 60 * rounds_a_minute;
    }
}

Task<void> Housekeeper::renew() {
    const auto pid = static_cast<std::int32_t>(getpid());
    co_await db_.query(renew_sql, board_.boot(), home_, pid, process::start_of(pid));
}

Task<void> Housekeeper::bury_predecessors() {
    const auto rows = co_await db_.query(predecessors_sql, home_, board_.boot());
    std::vector<Uuid> dead;
    for (const auto row : rows) {
        if (process::start_of(row.get<std::int32_t>(1)) != row.get<std::int64_t>(2))
            dead.push_back(row.get<Uuid>(0));
    }
    if (dead.empty()) co_return;
    co_await db_.query(bury_sql, dead);
    // Nobody else answers for them, so this needs no patience.
    co_await end_orphans();
}

Task<void> Housekeeper::end_orphans() {
    const auto rows = co_await db_.query(orphans_sql, board_.boot());
    if (rows.empty()) co_return;
    co_await db_.query(interrupt_sql, ids_of(rows));
    log::info("interrupted replies kept", {{"replies", rows.size()}});
}

// A reply that was stored although the answer of the database got lost is written by nobody.
Task<void> Housekeeper::end_strays() {
    const auto rows = co_await db_.query(own_sql, board_.boot());
    std::unordered_set<MessageId> now;
    std::vector<Uuid> lost;
    for (const auto row : rows) {
        const auto id = row.get<MessageId>(0);
        if (board_.find(id)) continue;
        if (strays_.contains(id)) {
            lost.push_back(id.value);
        } else {
            now.insert(id);
        }
    }
    strays_ = std::move(now);
    if (!lost.empty()) co_await db_.query(interrupt_sql, lost);
}

}  // namespace bb::tutor
