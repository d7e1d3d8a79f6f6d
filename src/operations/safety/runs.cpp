#include "operations/safety/runs.hpp"

#include <algorithm>
#include <chrono>

#include "base/core/uuid.hpp"
#include "operations/safety/copy.hpp"
#include "operations/safety/create.hpp"
#include "operations/safety/erasures.hpp"

namespace bb::safety {
namespace {

constexpr const char* note_sql =
    "INSERT INTO backup_runs (id, started_at, reason, backup, bytes, seconds, fault) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)";
constexpr const char* forget_sql = "DELETE FROM backup_runs WHERE started_at < now() - interval '13 months'";
constexpr const char* last_sql =
    "SELECT started_at, reason, backup, bytes, seconds, fault FROM backup_runs "
    "WHERE $1 OR backup IS NOT NULL ORDER BY started_at DESC LIMIT 1";

constexpr const char* take_turn_sql = "SELECT pg_try_advisory_lock(7304, 0)";
constexpr const char* release_turn_sql = "SELECT pg_advisory_unlock(7304, 0)";

void note(const std::string& conninfo, const BackupRun& run) {
    db::Session session(conninfo);
    session.query(note_sql, Uuid::make(), run.started_at, run.reason, run.backup, run.bytes, run.seconds,
                  run.fault);
    session.query(forget_sql);
}

std::optional<BackupRun> last(db::Session& session, bool any) {
    const auto rows = session.query(last_sql, any);
    if (rows.empty()) return std::nullopt;
    const auto row = rows[0];
    return BackupRun{
        row.get<Time>(0),         row.get<std::string>(1), row.get<std::optional<std::string>>(2),
        row.get<std::int64_t>(3), row.get<double>(4),      row.get<std::optional<std::string>>(5)};
}

std::chrono::seconds share(std::uint32_t node, const Pace& pace) {
    return pace.spread.count() == 0 ? pace.spread : std::chrono::seconds(node) % pace.spread;
}

}  // namespace

Manifest back_up(const Installation& from, const std::vector<Destination>& to,
                 const std::vector<PublicKey>& recipients, const std::string& reason) {
    BackupRun run;
    run.started_at = now();
    run.reason = reason;
    try {
        auto manifest = create_backup(from, to.front(), recipients, reason);
        db::Session session(from.conninfo);
        const auto erased = erased_in(session);
        for (const auto& place : to) {
            if (&place != &to.front()) copy_backup(*to.front().find(manifest.id), place, from.watch);
            note_erased(place, erased);
        }
        run.backup = manifest.id;
        run.bytes = static_cast<std::int64_t>(manifest.stored_bytes());
        run.seconds = manifest.seconds;
        note(from.conninfo, run);
        return manifest;
    } catch (const GivenUp&) {
        throw;
    } catch (const std::exception& failure) {
        run.fault = failure.what();
        run.backup.reset();
        try {
            note(from.conninfo, run);
        } catch (const std::exception&) {
            // The database is away too; who called hears of the failure.
        }
        throw;
    }
}

LastRuns last_runs(db::Session& session) {
    return {last(session, true), last(session, false)};
}

bool take_turn(db::Session& session) {
    return session.query(take_turn_sql)[0].get<bool>(0);
}

void release_turn(db::Session& session) {
    session.query(release_turn_sql);
}

Time next_run(const LastRuns& last, Time server_started, std::chrono::seconds every, std::uint32_t node,
              const Pace& pace) {
    Time next = server_started + pace.settle;
    if (last.good) next = std::max(next, last.good->started_at + every);
    if (last.any && last.any->fault) next = std::max(next, last.any->started_at + pace.after_failure);
    return next + share(node, pace);
}

Time next_drill(std::optional<Time> last, Time server_started, std::chrono::seconds every, std::uint32_t node,
                const Pace& pace) {
    Time next = server_started + pace.before_drill;
    if (last) next = std::max(next, *last + every);
    return next + share(node, pace);
}

}  // namespace bb::safety
