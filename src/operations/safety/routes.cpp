#include "operations/safety/routes.hpp"

#include "base/core/json_writer.hpp"
#include "operations/safety/drill_history.hpp"
#include "operations/safety/runs.hpp"
#include "operations/safety/wal_slot.hpp"

namespace bb::safety {
namespace {

constexpr int shown_runs = 20;
constexpr int shown_drills = 12;
constexpr auto schema =
    R"({"type":"object","required":["everyHours","next","rpoSeconds","late","besideData","logBehindBytes","backups","drillEveryDays","nextDrill",)"
    R"("drillLate","drills"],"properties":{"everyHours":{"type":"integer"},"next":{"type":["string","null"]},)"
    R"("rpoSeconds":{"type":["number","null"]},"logBehindBytes":{"type":["integer","null"]},"late":{"type":"boolean"},"besideData":{"type":"boolean"},"backups":{"type":"array","items":)"
    R"({"type":"object","required":["startedAt","reason","id","bytes","seconds","fault"]}},)"
    R"("drillEveryDays":{"type":"integer"},"nextDrill":{"type":["string","null"]},"drillLate":{"type":"boolean"},)"
    R"("drills":{"type":"array","items":{"type":"object","required":["scenario","backup","startedAt","rtoSeconds",)"
    R"("rpoSeconds","good","checks"]}}}})";

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

void write_backups(JsonWriter& json, const SafetyParts& parts, const LastRuns& last) {
    const auto every = parts.backup_every;
    std::optional<Time> next;
    if (every.count() > 0) next = next_run(last, parts.started, every, 0);
    json.field("everyHours", std::chrono::duration_cast<std::chrono::hours>(every).count())
        .field("next", next)
        .field("rpoSeconds", age_of_newest(last))
        .field("late", is_late(last, every, parts.started))
        .field("besideData", parts.beside_data);
}

void write_drills(JsonWriter& json, const SafetyParts& parts, const std::vector<PastDrill>& drills) {
    const auto every = parts.drill_every;
    std::optional<Time> last, next;
    if (!drills.empty()) last = drills.front().started_at;
    if (every.count() > 0) next = next_drill(last, parts.started, every, 0);
    json.field("drillEveryDays", every / std::chrono::hours(24))
        .field("nextDrill", next)
        .field("drillLate", is_drill_late(last));
    json.key("drills").array();
    for (const auto& drill : drills) {
        json.object()
            .field("scenario", drill.scenario)
            .field("backup", drill.backup)
            .field("startedAt", drill.started_at)
            .field("rtoSeconds", drill.rto_seconds)
            .field("rpoSeconds", drill.rpo_seconds)
            .field("good", drill.good);
        json.key("checks").raw(drill.checks).end();
    }
    json.end();
}

Task<Result<http::Response>> show(const SafetyParts& parts) {
    JsonWriter json;
    json.object();
    write_backups(json, parts, co_await last_runs(parts.db));
    write_runs(json, co_await newest_runs(parts.db, shown_runs));
    write_drills(json, parts, co_await past_drills(parts.db, shown_drills));
    json.field("logBehindBytes", co_await least_behind(parts.db, parts.places));
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
