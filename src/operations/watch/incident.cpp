#include "operations/watch/incident.hpp"

#include <fmt/format.h>

#include "base/core/json_writer.hpp"
#include "operations/watch/contacts.hpp"

namespace bb::watch {
namespace {

constexpr std::string_view columns =
    "id, number, title, severity, state, component, alarms, release, opened_at, acknowledged_at, "
    "acknowledged_by, resolved_at, level, overdue, clock_from";
// Statements are known by their address.
const std::string open_sql = fmt::format(
    "INSERT INTO incidents (id, title, severity, state, component, alarms, release, opened_at, clock_from) "
    "VALUES ($1, $2, $3, 'open', $4, $5, $6, $7, $7) RETURNING {}",
    columns);
const std::string find_sql = fmt::format(
    "SELECT {} FROM incidents "
    "WHERE number = $1",
    columns);
const std::string lock_sql = find_sql + " FOR UPDATE";
const std::string list_sql = fmt::format(
    "SELECT {} FROM incidents WHERE $1 OR state <> 'resolved' ORDER BY opened_at DESC, number DESC LIMIT $2",
    columns);
const std::string felt_sql = fmt::format(
    "SELECT {} FROM incidents WHERE severity IN ('P0', 'P1') AND (opened_at >= $1 OR state <> 'resolved') "
    "ORDER BY (state = 'resolved'), opened_at DESC, number DESC LIMIT $2",
    columns);

Incident incident_in(const db::Row& row) {
    Incident one;
    one.id = row.get<Uuid>(0);
    one.number = row.get<std::int32_t>(1);
    one.title = row.get<std::string>(2);
    one.severity = row.get<std::string>(3);
    one.state = row.get<std::string>(4);
    one.component = row.get<std::string>(5);
    one.alarms = row.get<std::string>(6);
    one.release = row.get<std::string>(7);
    one.opened_at = row.get<Time>(8);
    one.acknowledged_at = row.get<std::optional<Time>>(9);
    one.acknowledged_by = row.get<std::string>(10);
    one.resolved_at = row.get<std::optional<Time>>(11);
    one.level = row.get<std::int32_t>(12);
    one.overdue = row.get<bool>(13);
    one.clock_from = row.get<Time>(14);
    return one;
}

std::vector<Incident> incidents_in(const db::Rows& rows) {
    std::vector<Incident> all;
    for (const auto row : rows) all.push_back(incident_in(row));
    return all;
}

}  // namespace

const std::vector<std::string>& components() {
    static const std::vector<std::string> all = {"service", "sign-in", "tutor", "data"};
    return all;
}

bool is_felt(const Incident& incident) {
    return incident.severity <= "P1";
}

Task<Incident> open_incident(db::Transaction& tx, NewIncident about, Time now) {
    const auto id = about.id;
    const auto rows = co_await tx.query(open_sql.c_str(), id, about.title, about.severity, about.component,
                                        about.alarms, about.release, now);
    IncidentEvent opened{now, "opened", about.actor, about.words, true};
    co_await add_event(tx, id, std::move(opened));
    IncidentEvent decision{now, "decision", "clock",
                           fmt::format("{}: {}, an answer within {} minutes", about.severity,
                                       decision_of(about.severity), response_time(about.severity).count()),
                           false};
    co_await add_event(tx, id, std::move(decision));
    co_return incident_in(rows[0]);
}

Task<Result<Incident>> find_incident(db::Transaction& tx, int number) {
    const auto rows = co_await tx.query(find_sql.c_str(), number);
    if (rows.empty()) co_return not_found("incident");
    co_return incident_in(rows[0]);
}

Task<OpenIncidents> count_open(db::Database& db, Time since) {
    const auto rows = co_await db.query(
        "SELECT severity, count(*), count(*) FILTER (WHERE clock_from > $1) FROM incidents "
        "WHERE state <> 'resolved' GROUP BY 1",
        since);
    OpenIncidents open;
    for (const auto row : rows) {
        const auto severity = row.get<std::string>(0);
        open.by_severity.at(static_cast<std::size_t>(severity[1] - '0')) =
            static_cast<double>(row.get<std::int64_t>(1));
        if (severity == "P0") open.urgent_since = static_cast<double>(row.get<std::int64_t>(2));
    }
    co_return open;
}

Task<Result<int>> number_of(db::Transaction& tx, Uuid incident) {
    const auto rows = co_await tx.query("SELECT number FROM incidents WHERE id = $1", incident);
    if (rows.empty()) co_return not_found("incident");
    co_return rows[0].get<std::int32_t>(0);
}

Task<Result<Incident>> lock_incident(db::Transaction& tx, int number) {
    const auto rows = co_await tx.query(lock_sql.c_str(), number);
    if (rows.empty()) co_return not_found("incident");
    co_return incident_in(rows[0]);
}

Task<std::vector<Incident>> list_incidents(db::Transaction& tx, bool resolved_too, int limit) {
    const auto rows = co_await tx.query(list_sql.c_str(), resolved_too, limit);
    co_return incidents_in(rows);
}

Task<std::vector<Incident>> felt_since(db::Transaction& tx, Time since, int limit) {
    const auto rows = co_await tx.query(felt_sql.c_str(), since, limit);
    co_return incidents_in(rows);
}

Task<std::vector<IncidentEvent>> events_of(db::Transaction& tx, Uuid incident) {
    const auto rows = co_await tx.query(
        "SELECT at, kind, actor, words, public FROM incident_events WHERE incident = $1 ORDER BY at, id "
        "LIMIT 2000",
        incident);
    std::vector<IncidentEvent> events;
    for (const auto row : rows)
        events.push_back({row.get<Time>(0), row.get<std::string>(1), row.get<std::string>(2),
                          row.get<std::string>(3), row.get<bool>(4)});
    co_return events;
}

Task<void> add_event(db::Transaction& tx, Uuid incident, IncidentEvent event) {
    co_await tx.query(
        "INSERT INTO incident_events (id, incident, at, kind, actor, words, public) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        Uuid::make(), incident, event.at, event.kind, event.actor, event.words, event.is_public);
}

Task<Result<Incident>> acknowledge(db::Transaction& tx, Incident incident, std::string by, std::string words,
                                   Time now) {
    if (incident.state == "resolved")
        co_return Error(ErrorCode::conflict, fmt::format("Incident {} is over.", incident.number));
    if (incident.state == "acknowledged")
        co_return Error(ErrorCode::conflict, fmt::format("Incident {} is in hand already: {}.",
                                                         incident.number, incident.acknowledged_by));
    incident.state = "acknowledged";
    incident.acknowledged_at = now;
    incident.acknowledged_by = by;
    co_await tx.query(
        "UPDATE incidents SET state = 'acknowledged', acknowledged_at = $2, acknowledged_by = $3 WHERE id = "
        "$1",
        incident.id, now, by);
    IncidentEvent event{now, "acknowledged", by, std::move(words), false};
    co_await add_event(tx, incident.id, std::move(event));
    co_return incident;
}

Task<Result<Incident>> resolve(db::Transaction& tx, Incident incident, std::string by, std::string words,
                               Time now) {
    if (incident.state == "resolved")
        co_return Error(ErrorCode::conflict, fmt::format("Incident {} is over already.", incident.number));
    incident.state = "resolved";
    incident.resolved_at = now;
    co_await tx.query("UPDATE incidents SET state = 'resolved', resolved_at = $2 WHERE id = $1", incident.id,
                      now);
    IncidentEvent event{now, "resolved", by, std::move(words), true};
    co_await add_event(tx, incident.id, std::move(event));
    co_return incident;
}

Task<void> set_level(db::Transaction& tx, Uuid incident, int level) {
    co_await tx.query("UPDATE incidents SET level = $2::int::smallint WHERE id = $1", incident, level);
}

Task<void> set_overdue(db::Transaction& tx, Uuid incident) {
    co_await tx.query("UPDATE incidents SET overdue = true WHERE id = $1", incident);
}

Task<Incident> raise(db::Transaction& tx, Incident incident, std::string severity, Time now) {
    co_await tx.query(
        "UPDATE incidents SET severity = $2, state = 'open', clock_from = $3, overdue = false, level = 1, "
        "acknowledged_at = NULL, acknowledged_by = '' WHERE id = $1",
        incident.id, severity, now);
    incident.severity = std::move(severity);
    incident.state = "open";
    incident.clock_from = now;
    incident.overdue = false;
    incident.level = 1;
    incident.acknowledged_at.reset();
    incident.acknowledged_by.clear();
    co_return incident;
}

std::string to_json(const Incident& incident, Time now) {
    const Time due = incident.clock_from + response_time(incident.severity);
    const Time end = incident.resolved_at.value_or(now);
    JsonWriter json;
    json.object()
        .field("number", incident.number)
        .field("title", incident.title)
        .field("severity", incident.severity)
        .field("state", incident.state)
        .field("component", incident.component)
        .field("alarms", incident.alarms)
        .field("release", incident.release)
        .field("openedAt", incident.opened_at)
        .field("acknowledgedAt", incident.acknowledged_at)
        .field("acknowledgedBy", incident.acknowledged_by)
        .field("resolvedAt", incident.resolved_at)
        .field("level", incident.level)
        .field("answerDue", due)
        .field("overdue", incident.overdue)
        .field("decision", decision_of(incident.severity))
        .field("seconds", std::chrono::duration<double>(end - incident.opened_at).count());
    return json.end().take();
}

std::string to_json(const IncidentEvent& event) {
    JsonWriter json;
    json.object()
        .field("at", event.at)
        .field("kind", event.kind)
        .field("actor", event.actor)
        .field("words", event.words)
        .field("public", event.is_public);
    return json.end().take();
}

std::string to_json(const Incident& incident, const std::vector<IncidentEvent>& events, Time now) {
    auto text = to_json(incident, now);
    text.pop_back();
    JsonWriter json;
    json.array();
    for (const auto& event : events) json.raw(to_json(event));
    return text + ",\"events\":" + json.end().take() + "}";
}

}  // namespace bb::watch
