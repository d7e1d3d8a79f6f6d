#include "operations/watch/status.hpp"

#include "base/core/json_writer.hpp"

namespace bb::watch {
namespace {

constexpr const char* days_sql =
    "SELECT component, day::text, watched, down FROM status_days WHERE day > ($1::timestamptz AT TIME ZONE "
    "'UTC')::date - 90 ORDER BY component, day";
constexpr const char* ask_sql =
    "INSERT INTO status_subscribers (id, email, asked_at) SELECT $1, $2, now() "
    "WHERE (SELECT count(*) FROM status_subscribers WHERE confirmed_at IS NOT NULL) < 5000 "
    "AND (SELECT count(*) FROM status_subscribers WHERE confirmed_at IS NULL) < 1000 "
    "ON CONFLICT (email) DO UPDATE SET asked_at = now() WHERE status_subscribers.confirmed_at IS NULL "
    "AND status_subscribers.asked_at < now() - interval '10 minutes' "
    "RETURNING id";

Task<std::vector<PublicIncident>> public_incidents(db::Transaction& tx, Time now) {
    std::vector<PublicIncident> all;
    const auto lately = co_await felt_since(tx, Time(now - std::chrono::hours(14 * 24)), 50);
    for (const auto& one : lately) {
        PublicIncident shown{one, {}};
        for (auto& event : co_await events_of(tx, one.id))
            if (event.is_public) shown.events.push_back(std::move(event));
        all.push_back(std::move(shown));
    }
    co_return all;
}

}  // namespace

std::string words_for_all(const IncidentEvent& event, std::string_view language) {
    const bool filipino = language == "fil";
    if (event.kind == "opened")
        return filipino ? "Napansin namin ito, at tinitingnan na." : "We noticed it and look into it.";
    if (event.kind == "resolved") return filipino ? "Tapos na ito." : "It is over.";
    return event.words;
}

Task<Status> status_of(db::Transaction& tx, Time now) {
    Status status;
    status.at = now;
    for (const auto& name : components()) status.components.push_back({name, {}, {}});
    const auto rows = co_await tx.query(days_sql, now);
    for (const auto row : rows)
        for (auto& component : status.components)
            if (component.name == row.get<std::string_view>(0))
                component.days.push_back({row.get<std::string>(1), row.get<double>(2), row.get<double>(3)});
    status.incidents = co_await public_incidents(tx, now);
    for (const auto& shown : status.incidents)
        for (auto& component : status.components) {
            const auto& one = shown.incident;
            if (one.state == "resolved" || one.component != component.name) continue;
            if (component.severity.empty() || one.severity < component.severity)
                component.severity = one.severity;
        }
    co_return status;
}

std::string to_json(const Status& status) {
    JsonWriter json;
    json.object().field("at", status.at).key("components").array();
    for (const auto& component : status.components) {
        json.object().field("name", component.name);
        json.field("state", component.severity.empty() ? "operational" : "incident").key("days").array();
        for (const auto& day : component.days)
            json.object().field("day", day.day).field("watched", day.watched).field("down", day.down).end();
        json.end().end();
    }
    json.end().key("incidents").array();
    for (const auto& shown : status.incidents) {
        const auto& one = shown.incident;
        json.object().field("number", one.number).field("title", one.title).field("component", one.component);
        json.field("state", one.state).field("openedAt", one.opened_at).field("resolvedAt", one.resolved_at);
        json.key("updates").array();
        for (const auto& event : shown.events)
            json.object().field("at", event.at).field("words", words_for_all(event, "en")).end();
        json.end().end();
    }
    return json.end().end().take();
}

Task<std::optional<Uuid>> ask_to_subscribe(db::Database& db, std::string email) {
    const auto rows = co_await db.query(ask_sql, Uuid::make(), email);
    if (rows.empty()) co_return std::nullopt;
    co_return rows[0].get<Uuid>(0);
}

Task<bool> confirm_subscriber(db::Database& db, Uuid id) {
    const auto done = co_await db.query(
        "UPDATE status_subscribers SET confirmed_at = coalesce(confirmed_at, now()) WHERE id = $1", id);
    co_return done.affected() > 0;
}

Task<bool> remove_subscriber(db::Database& db, Uuid id) {
    const auto done = co_await db.query("DELETE FROM status_subscribers WHERE id = $1", id);
    co_return done.affected() > 0;
}

}  // namespace bb::watch
