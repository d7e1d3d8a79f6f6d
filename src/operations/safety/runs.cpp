#include "operations/safety/runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "base/core/uuid.hpp"
#include "operations/safety/copy.hpp"
#include "operations/safety/create.hpp"
#include "operations/safety/erasures.hpp"
#include "operations/safety/wal_slot.hpp"

namespace bb::safety {
namespace {

constexpr std::chrono::hours longest_without_schedule{48};
constexpr const char* note_sql =
    "INSERT INTO backup_runs (id, started_at, reason, backup, bytes, seconds, fault) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)";
constexpr const char* forget_sql = "DELETE FROM backup_runs WHERE started_at < now() - interval '13 months'";
// Not those of a time to come, when a clock was wrong, nor those that went where no server keeps any.
constexpr const char* last_sql =
    "SELECT started_at, reason, backup, bytes, seconds, fault FROM backup_runs "
    "WHERE started_at <= $3 AND reason NOT LIKE '% (elsewhere)%' "
    "AND ($1 OR (backup IS NOT NULL AND (reason LIKE '% (physical)') = $2)) "
    "ORDER BY started_at DESC LIMIT 1";

constexpr const char* good_sql =
    "SELECT started_at, reason, backup, bytes, seconds, fault FROM backup_runs "
    "WHERE backup IS NOT NULL AND started_at <= $1 AND reason NOT LIKE '% (elsewhere)%' "
    "ORDER BY started_at DESC LIMIT 50";

constexpr const char* newest_sql =
    "SELECT started_at, reason, backup, bytes, seconds, fault FROM backup_runs ORDER BY started_at DESC "
    "LIMIT $1";

constexpr const char* all_runs_sql = "SELECT coalesce(jsonb_agg(r), '[]')::text FROM backup_runs r";
constexpr const char* add_runs_sql =
    "INSERT INTO backup_runs SELECT * FROM jsonb_populate_recordset(NULL::backup_runs, $1) "
    "ON CONFLICT (id) DO NOTHING";

constexpr const char* take_turn_sql = "SELECT pg_try_advisory_lock(7304, 0)";
constexpr const char* release_turn_sql = "SELECT pg_advisory_unlock(7304, 0)";

void note(const std::string& conninfo, const BackupRun& run) {
    db::Session session(conninfo);
    session.query(note_sql, Uuid::make(), run.started_at, run.reason, run.backup, run.bytes, run.seconds,
                  run.fault);
    session.query(forget_sql);
}

template <class Row>
BackupRun run_of(const Row& row) {
    return {row.template get<Time>(0),
            row.template get<std::string>(1),
            row.template get<std::optional<std::string>>(2),
            row.template get<std::int64_t>(3),
            row.template get<double>(4),
            row.template get<std::optional<std::string>>(5)};
}

std::optional<BackupRun> run_in(const db::Rows& rows) {
    if (rows.empty()) return std::nullopt;
    return run_of(rows[0]);
}

Time latest_start() {
    return now() + clock_tolerance;
}

std::optional<BackupRun> last(db::Session& session, bool any, bool physical = false) {
    return run_in(session.query(last_sql, any, physical, latest_start()));
}

/// Where one backup goes.
class Places {
public:
    Places(const Installation& from, const std::vector<Destination>& to) : from_(from), to_(to) {}

    Manifest make(const std::vector<PublicKey>& recipients, const std::string& reason, Method method) {
        std::optional<Manifest> manifest;
        std::optional<StoredBackup> made;
        Erased erased;
        for (const auto& place : to_) {
            try {
                if (made)
                    copy_backup(*made, place, from_.watch);
                else {
                    manifest = create_backup(from_, place, recipients, reason, method);
                    made = found(place, manifest->id);
                    db::Session session(from_.conninfo);
                    erased = erased_in(session);
                }
                note_erased(place, erased);
            } catch (const std::exception& fault) {
                if (is_of_all_places(fault) || to_.size() == 1) throw;
                faults_ += fmt::format("{}{}: {}", faults_.empty() ? "" : " ", place.name(), fault.what());
            }
        }
        if (!made) throw std::runtime_error("There is no backup. " + faults_);
        if (!faults_.empty())
            throw std::runtime_error(
                fmt::format("The backup {} is not everywhere. {}", made->path(), faults_));
        return std::move(*manifest);
    }

private:
    static StoredBackup found(const Destination& place, const std::string& id) {
        auto backup = place.find(id);
        if (backup) return std::move(*backup);
        throw std::runtime_error(
            fmt::format("The backup {} was made and cannot be read back. {}", id, backup.error().detail));
    }
    static bool is_of_all_places(const std::exception& fault) {
        return dynamic_cast<const GivenUp*>(&fault) || dynamic_cast<const db::Unavailable*>(&fault) ||
               dynamic_cast<const db::SqlError*>(&fault);
    }

    const Installation& from_;
    const std::vector<Destination>& to_;
    std::string faults_;
};

std::chrono::seconds share(std::uint32_t node, const Pace& pace) {
    return pace.spread.count() == 0 ? pace.spread : std::chrono::seconds(node) % pace.spread;
}

}  // namespace

Manifest back_up(const Installation& from, std::vector<Destination> to,
                 const std::vector<PublicKey>& recipients, const std::string& reason, Method method,
                 bool with_log) {
    BackupRun run;
    run.started_at = now();
    run.reason = method == Method::physical ? reason + " (physical)" : reason;
    // A dump waits for who stores it, and a disk of this machine is the fastest.
    std::stable_partition(to.begin(), to.end(),
                          [](const auto& one) { return one.store().folder().has_value(); });
    for (auto& place : to) place.store().watch_with(from.watch);
    try {
        // Before files are copied: the log that is written meanwhile belongs to them.
        if (with_log) make_slots(from, to);
        auto manifest = Places(from, to).make(recipients, reason, method);
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

const Destination& made_in(const std::vector<Destination>& places) {
    for (const auto& one : places)
        if (one.store().folder()) return one;
    return places.front();
}

bool notes_runs(db::Session& session) {
    return session.query("SELECT to_regclass('backup_runs') IS NOT NULL")[0].get<bool>(0);
}

void carry_runs(db::Session& from, db::Session& to) {
    if (!notes_runs(from)) return;
    to.query(add_runs_sql, db::Json{from.query(all_runs_sql)[0].get<std::string>(0)});
}

LastRuns last_runs(db::Session& session) {
    return {last(session, true), last(session, false), last(session, false, true)};
}

std::vector<BackupRun> good_runs(db::Session& session) {
    std::vector<BackupRun> runs;
    for (const auto row : session.query(good_sql, latest_start())) runs.push_back(run_of(row));
    return runs;
}

Task<LastRuns> last_runs(db::Database& db) {
    LastRuns runs;
    runs.any = run_in(co_await db.query(last_sql, true, false, latest_start()));
    runs.good = run_in(co_await db.query(last_sql, false, false, latest_start()));
    runs.physical = run_in(co_await db.query(last_sql, false, true, latest_start()));
    co_return runs;
}

Task<std::vector<BackupRun>> newest_runs(db::Database& db, int limit) {
    const auto rows = co_await db.query(newest_sql, limit);
    std::vector<BackupRun> runs;
    for (const auto row : rows) runs.push_back(run_of(row));
    co_return runs;
}

std::optional<double> age_of_newest(const LastRuns& last) {
    std::optional<double> age;
    for (const auto* kind : {&last.good, &last.physical}) {
        if (!*kind) continue;
        const double seconds =
            std::max(0.0, std::chrono::duration<double>(now() - (*kind)->started_at).count());
        age = std::min(age.value_or(seconds), seconds);
    }
    return age;
}

std::chrono::seconds longest_gap(std::chrono::seconds every) {
    return every.count() == 0 ? longest_without_schedule : 2 * every;
}

bool is_late(const LastRuns& last, std::chrono::seconds every, std::optional<Time> server_started) {
    if (every.count() == 0) return false;
    const auto since = last.good ? std::optional(last.good->started_at) : server_started;
    return !since || now() > *since + longest_gap(every);
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

Time next_physical(const LastRuns& last, bool followed, Time server_started, std::chrono::seconds every,
                   std::uint32_t node, const Pace& pace) {
    Time next = server_started + pace.settle;
    if (last.physical)
        next = std::max(next, last.physical->started_at + (followed ? every : pace.after_failure));
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
