#include <fmt/format.h>

#include "operations/watch/messages.hpp"

namespace bb::watch {
namespace {

/// A day on which nobody could look was no good day.
constexpr const char* down_sql =
    "INSERT INTO status_days AS d (day, component, watched, down) VALUES ($1::timestamptz AT TIME ZONE "
    "'UTC', "
    "'service', $2, $2) ON CONFLICT (day, component) DO UPDATE SET watched = d.watched + excluded.watched, "
    "down = d.down + excluded.down";
constexpr const char* title = "The database cannot be reached.";

std::string minutes_of(Time since, Time now) {
    return fmt::format("{:.1f}", std::chrono::duration<double, std::ratio<60>>(now - since).count());
}

}  // namespace

std::vector<Message> messages_without_database(const Surroundings& around, int level, Time since, Time now) {
    Incident incident;
    incident.title = title;
    incident.severity = "P0";
    incident.component = "service";
    incident.alarms = "database";
    incident.opened_at = since;
    incident.clock_from = since;
    incident.level = level;
    const News news{level == 1 ? "opened" : "escalated",
                    fmt::format("Nobody can work: it has not answered, or taken anything, for {} min. The "
                                "number of the incident is "
                                "known when it is back. \"brainbytes doctor\" on the host says more.",
                                minutes_of(since, now)),
                    level};
    const auto payload = payload_of(incident, news, now);
    std::vector<Message> messages;
    for (const auto& one : recipients_of(around, incident, level, now))
        messages.push_back({Uuid::make(), one.channel, one.target, payload});
    return messages;
}

Task<void> note_darkness(db::Database& db, const Surroundings& around, Time since, Time now) {
    auto work = [&](db::Transaction& tx) -> Task<void> {
        co_await tx.query("SELECT looked_at FROM watch_turns FOR UPDATE");
        // Another node that was in the same dark may have been quicker.
        const auto known = co_await tx.query(
            "SELECT FROM incidents WHERE alarms = 'database' AND (state <> 'resolved' OR resolved_at > $1)",
            since);
        if (!known.empty()) co_return;
        NewIncident about{title,      "P0",           "service",
                          "database", around.release, "no server reached the database; told without it",
                          "clock"};
        auto incident = co_await open_incident(tx, std::move(about), since);
        const auto closed = co_await resolve(
            tx, incident, "clock", fmt::format("it is back after {} min", minutes_of(since, now)), now);
        co_await tx.query(down_sql, now, std::chrono::duration<double>(now - since).count());
        News news{"resolved", fmt::format("The database is back after {} min.", minutes_of(since, now)), 1};
        co_await tell(tx, around, *closed, std::move(news), now);
    };
    co_await db.transaction(work);
}

}  // namespace bb::watch
