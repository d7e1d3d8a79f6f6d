#include "operations/safety/routes.hpp"

#include <algorithm>

#include "base/core/json_writer.hpp"
#include "operations/safety/runs.hpp"

namespace bb::safety {
namespace {

constexpr int shown_runs = 20;
constexpr int shown_drills = 12;
// A month, as the deployment plan has it, and a day for the drill itself.
constexpr std::chrono::hours drill_age{31 * 24};

constexpr const char* runs_sql =
    "(SELECT started_at, reason, backup, bytes, seconds, fault FROM backup_runs "
    "ORDER BY started_at DESC LIMIT $1) UNION "
    "(SELECT started_at, reason, backup, bytes, seconds, fault FROM backup_runs "
    "WHERE backup IS NOT NULL AND reason NOT LIKE '% (physical)' ORDER BY started_at DESC LIMIT 1) "
    "ORDER BY started_at DESC";
// Of the place that lacks the least of the write-ahead log; null: nobody copies it now.
constexpr const char* log_sql =
    "SELECT min(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), restart_lsn))::bigint FROM pg_replication_slots "
    "WHERE slot_name LIKE 'brainbytes\\_wal\\_%' AND active";
constexpr const char* drills_sql =
    "SELECT scenario, backup, started_at, rto_seconds, rpo_seconds, good, checks::text FROM drills "
    "ORDER BY started_at DESC LIMIT $1";

constexpr auto schema =
    R"({"type":"object","required":["everyHours","next","rpoSeconds","late","logBehindBytes","backups","drillEveryDays","nextDrill",)"
    R"("drillLate","drills"],"properties":{"everyHours":{"type":"integer"},"next":{"type":["string","null"]},)"
    R"("rpoSeconds":{"type":["number","null"]},"logBehindBytes":{"type":["integer","null"]},"late":{"type":"boolean"},"backups":{"type":"array","items":)"
    R"({"type":"object","required":["startedAt","reason","id","bytes","seconds","fault"]}},)"
    R"("drillEveryDays":{"type":"integer"},"nextDrill":{"type":["string","null"]},"drillLate":{"type":"boolean"},)"
    R"("drills":{"type":"array","items":{"type":"object","required":["scenario","backup","startedAt","rtoSeconds",)"
    R"("rpoSeconds","good","checks"]}}}})";

LastRuns last_of(const std::vector<BackupRun>& runs) {
    LastRuns last;
    for (const auto& run : runs) {
        if (!last.any) last.any = run;
        auto& newest = run.reason.ends_with(" (physical)") ? last.physical : last.good;
        if (!newest && run.backup) newest = run;
    }
    return last;
}

void write_runs(JsonWriter& json, const std::vector<BackupRun>& runs) {
    json.key("backups").array();
    for (const auto& run : runs)
        json.object()
            .field("startedAt", run.started_at)
            .field("reason", run.reason)
            .field("id", run.backup)
            .field("bytes", run.bytes)
            .field("seconds", run.seconds)
            .field("fault", run.fault)
            .end();
    json.end();
}

void write_backups(JsonWriter& json, const SafetyParts& parts, const std::vector<BackupRun>& runs) {
    const auto last = last_of(runs);
    const auto every = parts.backup_every;
    std::optional<Time> next;
    if (every.count() > 0) next = next_run(last, parts.started, every, 0);
    std::optional<double> rpo;
    for (const auto* kind : {&last.good, &last.physical}) {
        if (!*kind) continue;
        const double age = std::chrono::duration<double>(now() - (*kind)->started_at).count();
        rpo = std::min(rpo.value_or(age), age);
    }
    const Time since = last.good ? last.good->started_at : parts.started;
    json.field("everyHours", std::chrono::duration_cast<std::chrono::hours>(every).count())
        .field("next", next)
        .field("rpoSeconds", rpo)
        .field("late", every.count() > 0 && now() > since + 2 * every);
    write_runs(json, runs);
}

void write_drills(JsonWriter& json, const SafetyParts& parts, const db::Rows& drills) {
    const auto every = parts.drill_every;
    std::optional<Time> last, next;
    if (!drills.empty()) last = drills[0].get<Time>(2);
    if (every.count() > 0) next = next_drill(last, parts.started, every, 0);
    json.field("drillEveryDays", every / std::chrono::hours(24))
        .field("nextDrill", next)
        .field("drillLate", !last || now() > *last + drill_age);
    json.key("drills").array();
    for (const auto row : drills) {
        json.object()
            .field("scenario", row.get<std::string>(0))
            .field("backup", row.get<std::string>(1))
            .field("startedAt", row.get<Time>(2))
            .field("rtoSeconds", row.get<double>(3))
            .field("rpoSeconds", row.get<double>(4))
            .field("good", row.get<bool>(5));
        json.key("checks").raw(row.get<std::string>(6)).end();
    }
    json.end();
}

Task<Result<http::Response>> show(const SafetyParts& parts) {
    std::vector<BackupRun> runs;
    const auto found = co_await parts.db.query(runs_sql, shown_runs);
    for (const auto row : found)
        runs.push_back(BackupRun{row.get<Time>(0), row.get<std::string>(1),
                                 row.get<std::optional<std::string>>(2), row.get<std::int64_t>(3),
                                 row.get<double>(4), row.get<std::optional<std::string>>(5)});
    const auto drills = co_await parts.db.query(drills_sql, shown_drills);
    JsonWriter json;
    json.object();
    write_backups(json, parts, runs);
    write_drills(json, parts, drills);
    const auto log = co_await parts.db.query(log_sql);
    json.field("logBehindBytes", log[0].get<std::optional<std::int64_t>>(0));
    co_return http::json_response(json.end().take());
}

}  // namespace

void bind_routes(http::Router& router, const SafetyParts& parts) {
    http::RouteOptions options;
    options.access = http::Access::administrator;
    options.operation = {"Backups, what would be lost now, and drills", "", schema, 200};
    router.get(
        "/api/admin/backups", [parts](http::Request&) { return show(parts); }, options);
}

}  // namespace bb::safety
