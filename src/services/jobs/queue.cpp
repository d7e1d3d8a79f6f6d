#include "services/jobs/queue.hpp"

namespace bb::jobs {
namespace {

constexpr const char* add_job_sql =
    "INSERT INTO jobs (id, kind, owner_id, subject_id) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (kind, owner_id, subject_id) DO UPDATE SET id = excluded.id, state = 'waiting', attempts = "
    "0, "
    "created_at = now(), next_try_at = now(), reason = NULL RETURNING pg_notify('job_waits', kind)::text";
constexpr const char* add_missing_job_sql =
    "INSERT INTO jobs (id, kind, owner_id, subject_id) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (kind, owner_id, subject_id) DO NOTHING RETURNING pg_notify('job_waits', kind)::text";
constexpr const char* count_jobs_sql = "SELECT count(*) FROM jobs WHERE kind = $1 AND state = 'waiting'";
// Claiming moves the next try on: who dies meanwhile leaves the row to be taken again.
constexpr const char* claim_job_sql =
    "WITH due AS (SELECT j.id, j.owner_id FROM jobs j LEFT JOIN job_turns t ON t.owner_id = j.owner_id "
    "WHERE j.kind = $1 AND j.state = 'waiting' AND j.next_try_at <= now() "
    "ORDER BY t.taken_at NULLS FIRST, j.created_at, j.id LIMIT 1 FOR UPDATE OF j SKIP LOCKED), "
    "turn AS (INSERT INTO job_turns (owner_id, taken_at) SELECT owner_id, now() FROM due "
    "ON CONFLICT (owner_id) DO UPDATE SET taken_at = excluded.taken_at) "
    "UPDATE jobs j SET attempts = attempts + 1, next_try_at = now() + $2::int * interval '1 second' FROM due "
    "WHERE j.id = due.id RETURNING j.id, j.owner_id, j.subject_id, j.attempts";
constexpr const char* renew_job_sql =
    "UPDATE jobs SET next_try_at = now() + $3::int * interval '1 second' WHERE id = $1 AND attempts = $2 "
    "AND state = 'waiting'";
constexpr const char* finish_job_sql =
    "DELETE FROM jobs WHERE id = $1 AND attempts = $2 AND state = 'waiting' RETURNING id";
constexpr const char* put_off_job_sql =
    "UPDATE jobs SET reason = $3, "
    "next_try_at = now() + least(interval '5 seconds' * power(2, least(attempts, 20)), interval '1 hour') "
    "WHERE id = $1 AND attempts = $2";
constexpr const char* give_back_job_sql =
    "UPDATE jobs SET attempts = attempts - 1, next_try_at = now() WHERE id = $1 AND attempts = $2";
constexpr const char* park_job_sql =
    "UPDATE jobs SET state = 'parked', reason = $3 WHERE id = $1 AND attempts = $2 AND state = 'waiting' "
    "RETURNING id";
constexpr const char* sweep_jobs_sql =
    "DELETE FROM jobs WHERE state = 'parked' AND next_try_at < now() - interval '30 days'";

}  // namespace

Task<void> add(db::Transaction& tx, std::string_view kind, Uuid owner, Uuid subject) {
    co_await tx.query(add_job_sql, Uuid::make(), kind, owner, subject);
}

Task<void> add_missing(db::Transaction& tx, std::string_view kind, Uuid owner, Uuid subject) {
    co_await tx.query(add_missing_job_sql, Uuid::make(), kind, owner, subject);
}

Task<std::int64_t> count_of_any_owner(db::Database& db, std::string_view kind) {
    const auto rows = co_await db.query(count_jobs_sql, kind);
    co_return rows[0].get<std::int64_t>(0);
}

Task<std::optional<Job>> claim(db::Database& db, std::string_view kind, std::chrono::seconds lease) {
    const auto rows = co_await db.query(claim_job_sql, kind, static_cast<std::int32_t>(lease.count()));
    if (rows.empty()) co_return std::nullopt;
    Job job;
    job.id = rows[0].get<Uuid>(0);
    job.owner = rows[0].get<Uuid>(1);
    job.subject = rows[0].get<Uuid>(2);
    job.attempts = rows[0].get<std::int32_t>(3);
    co_return job;
}

Task<void> renew(db::Database& db, const Job& job, std::chrono::seconds lease) {
    co_await db.query(renew_job_sql, job.id, job.attempts, static_cast<std::int32_t>(lease.count()));
}

Task<bool> finish(db::Transaction& tx, const Job& job) {
    const auto rows = co_await tx.query(finish_job_sql, job.id, job.attempts);
    co_return !rows.empty();
}

Task<void> put_off(db::Database& db, const Job& job, std::string_view reason) {
    co_await db.query(put_off_job_sql, job.id, job.attempts, reason);
}

Task<void> give_back(db::Database& db, const Job& job) {
    co_await db.query(give_back_job_sql, job.id, job.attempts);
}

Task<bool> park(db::Transaction& tx, const Job& job, std::string_view reason) {
    const auto rows = co_await tx.query(park_job_sql, job.id, job.attempts, reason);
    co_return !rows.empty();
}

Task<void> sweep_of_any_owner(db::Database& db) {
    co_await db.query(sweep_jobs_sql);
}

}  // namespace bb::jobs
