#include "operations/watch/actions.hpp"

#include <fmt/format.h>

#include "base/core/json_writer.hpp"

namespace bb::watch {
namespace {

constexpr const char* changes_sql =
    "SELECT at, action || ' ' || subject_id || CASE WHEN details = '{}' THEN '' ELSE ' ' || details::text "
    "END "
    "FROM audit_entries WHERE at >= $1::timestamptz - interval '1 hour' AND at <= $2 "
    "AND (action LIKE 'release.%' OR action LIKE 'configuration.%' OR action LIKE 'maintenance.%') "
    "UNION ALL SELECT at, 'alarm ' || alarm || ': ' || state || ', ' || words FROM alarm_changes "
    "WHERE at >= $1::timestamptz - interval '1 hour' AND at <= $2 ORDER BY 1 LIMIT 200";

Task<void> write_down(db::Transaction& tx, audit::Origin origin, const char* action,
                      const Incident& incident) {
    JsonWriter json;
    json.object().field("severity", incident.severity).end();
    audit::Entry entry{std::move(origin), action, "incident", std::to_string(incident.number), json.take()};
    co_await audit::append(tx, std::move(entry));
}

Task<std::vector<std::string>> changes_around(db::Transaction& tx, const Incident& incident, Time now) {
    const auto rows = co_await tx.query(changes_sql, incident.opened_at, incident.resolved_at.value_or(now));
    std::vector<std::string> changes;
    for (const auto row : rows)
        changes.push_back(to_rfc3339(row.get<Time>(0)).substr(0, 19) + "Z " + row.get<std::string>(1));
    co_return changes;
}

}  // namespace

Task<Incident> Actions::open(Actor actor, NewIncident about) {
    auto work = [&](db::Transaction& tx) -> Task<Incident> {
        about.release = around_.release;
        about.actor = actor.name;
        const auto words = about.words;
        auto incident = co_await open_incident(tx, std::move(about), now());
        co_await set_level(tx, incident.id, 1);
        incident.level = 1;
        News news{"opened", words, 1};
        co_await say(tx, around_, incident, std::move(news), now());
        if (is_felt(incident)) co_await tell_subscribers(tx, incident, "We look into it.", now());
        co_await write_down(tx, actor.origin, "incident.opened", incident);
        co_return incident;
    };
    co_return co_await db_.transaction(work);
}

Task<Result<Incident>> Actions::change(Actor actor, int number, const char* action, Work work) {
    auto all = [&](db::Transaction& tx) -> Task<Result<Incident>> {
        const auto found = co_await lock_incident(tx, number);
        if (!found) co_return found.error();
        auto after = co_await work(tx, *found);
        if (after) co_await write_down(tx, actor.origin, action, *after);
        co_return after;
    };
    co_return co_await db_.transaction(all);
}

Task<Result<Incident>> Actions::acknowledge(Actor actor, int number, std::string words) {
    co_return co_await change(actor, number, "incident.acknowledged",
                              [&](db::Transaction& tx, Incident incident) {
                                  return watch::acknowledge(tx, std::move(incident), actor.name,
                                                            words.empty() ? "has it in hand" : words, now());
                              });
}

Task<Result<Incident>> Actions::note(Actor actor, int number, std::string words, bool is_public) {
    const auto work = [&](db::Transaction& tx, Incident incident) -> Task<Result<Incident>> {
        if (is_public && !is_felt(incident))
            co_return Error(ErrorCode::conflict,
                            "Only incidents of severity P0 and P1 are on the status page.");
        IncidentEvent event{now(), "note", actor.name, words, is_public};
        co_await add_event(tx, incident.id, std::move(event));
        if (is_public) co_await tell_subscribers(tx, incident, words, now());
        co_return incident;
    };
    co_return co_await change(actor, number, "incident.noted", work);
}

Task<Result<Incident>> Actions::escalate(Actor actor, int number, std::string words) {
    const auto work = [&](db::Transaction& tx, Incident incident) -> Task<Result<Incident>> {
        if (incident.state == "resolved")
            co_return Error(ErrorCode::conflict, fmt::format("Incident {} is over.", incident.number));
        if (incident.level >= Contacts::levels)
            co_return Error(ErrorCode::conflict, "L4 was told already: there is nobody above.");
        ++incident.level;
        co_await set_level(tx, incident.id, incident.level);
        IncidentEvent event{now(), "escalated", actor.name, fmt::format("to L{}: {}", incident.level, words),
                            false};
        co_await add_event(tx, incident.id, std::move(event));
        News news{"escalated", words, incident.level};
        co_await say(tx, around_, incident, std::move(news), now());
        co_return incident;
    };
    co_return co_await change(actor, number, "incident.escalated", work);
}

Task<Result<Incident>> Actions::resolve(Actor actor, int number, std::string words) {
    const auto work = [&](db::Transaction& tx, Incident incident) -> Task<Result<Incident>> {
        auto closed = co_await watch::resolve(tx, std::move(incident), actor.name, words, now());
        if (!closed) co_return closed;
        News news{"resolved", words, 0};
        co_await say(tx, around_, *closed, std::move(news), now());
        if (is_felt(*closed)) co_await tell_subscribers(tx, *closed, "It is over.", now());
        co_return closed;
    };
    co_return co_await change(actor, number, "incident.resolved", work);
}

Task<Result<std::string>> Actions::postmortem(int number) {
    auto work = [&](db::Transaction& tx) -> Task<Result<std::string>> {
        const auto incident = co_await find_incident(tx, number);
        if (!incident) co_return incident.error();
        const auto events = co_await events_of(tx, incident->id);
        const auto changes = co_await changes_around(tx, *incident, now());
        co_return watch::postmortem(*incident, events, changes, now());
    };
    co_return co_await db_.transaction(work);
}

}  // namespace bb::watch
