#include "operations/watch/look.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/core/log.hpp"
#include "operations/watch/silences.hpp"

namespace bb::watch {
namespace {

// A clock that was ahead for a while must not keep everybody from looking.
constexpr const char* turn_sql =
    "UPDATE watch_turns t SET looked_at = $1, begun_at = coalesce(t.begun_at, $1), resumed_at = "
    "CASE WHEN $1::timestamptz - t.looked_at > interval '90 seconds' THEN $1 ELSE t.resumed_at END "
    "FROM watch_turns b WHERE t.looked_at <= $1::timestamptz - interval '10 seconds' "
    "OR t.looked_at > $1::timestamptz + interval '1 minute' "
    "RETURNING extract(epoch FROM $1 - b.looked_at)::float8";
constexpr const char* keep_state_sql =
    "INSERT INTO alarm_states (alarm, state, since, calm, words, incident) VALUES ($1, $2, $3, $4, $5, $6) "
    "ON CONFLICT (alarm) DO UPDATE SET state = excluded.state, since = excluded.since, calm = excluded.calm, "
    "words = excluded.words, incident = excluded.incident";
constexpr const char* of_group_sql = "SELECT number FROM incidents WHERE alarms = $1 AND state <> 'resolved'";
/// What was wrong a moment ago still shows in what is counted over minutes.
constexpr const char* lately_sql =
    "SELECT DISTINCT alarms FROM incidents WHERE alarms <> '' AND (state <> 'resolved' OR resolved_at > "
    "$1::timestamptz - interval '10 minutes')";
constexpr const char* cleared_sql =
    "SELECT number FROM incidents i WHERE alarms <> '' AND state <> 'resolved' AND NOT EXISTS "
    "(SELECT FROM alarm_states s WHERE s.incident = i.id AND s.state = 'alarm') ORDER BY number LIMIT 50";
constexpr const char* note_change_sql =
    "INSERT INTO alarm_changes (id, alarm, at, state, words) VALUES ($1, $2, $3, $4, $5)";
constexpr const char* components_sql =
    "INSERT INTO status_days AS d (day, component, watched, down) "
    "SELECT $1::timestamptz AT TIME ZONE 'UTC', c, $2, CASE WHEN EXISTS (SELECT FROM incidents "
    "WHERE component = c AND state <> 'resolved' AND severity IN ('P0', 'P1')) THEN $2 ELSE 0 END "
    "FROM unnest($3::text[]) AS c ON CONFLICT (day, component) "
    "DO UPDATE SET watched = d.watched + excluded.watched, down = d.down + excluded.down";

/// More than this between two looks: nobody was there to look.
constexpr double longest_gap = 90;  // seconds

class Look {
public:
    Look(db::Transaction& tx, const Surroundings& around, Time now) : tx_(tx), around_(around), now_(now) {}

    Task<void> all() {
        auto standing = co_await standing_alarms(tx_, now_);
        silences_ = co_await silences_of(tx_, now_);
        for (auto& one : standing) co_await judge_one(one);
        for (const auto& one : standing)
            if (one.state.state == "alarm") on_.insert(one.alarm.group_name());
        const auto lately = co_await tx_.query(lately_sql, now_);
        for (const auto row : lately) on_.insert(row.get<std::string>(0));
        for (auto& one : standing) co_await report(one);
        find_quiet(standing);
        co_await close_what_is_over();
        co_await go_up();
    }

private:
    /// Incidents all of whose alarms somebody has silenced: nobody is called for them.
    void find_quiet(const std::vector<StandingAlarm>& standing) {
        std::set<std::string> loud;
        for (const auto& one : standing) {
            if (one.state.state != "alarm" || !one.incident) continue;
            (is_silenced(one.alarm) ? quiet_ : loud).insert(one.incident->text());
        }
        for (const auto& id : loud) quiet_.erase(id);
    }

    Task<void> judge_one(StandingAlarm& one) {
        Verdict verdict;
        if (one.alarm.enabled) {
            verdict = co_await judge(tx_, one.alarm, now_);
        } else {
            verdict.words = "it is switched off";
        }
        const auto before = one.state;
        one.state = next_state(one.alarm, before, verdict, now_);
        if (!one.alarm.enabled) one.state.state = "ok";
        const bool changed = one.state.state != before.state;
        if (changed) {
            co_await tx_.query(note_change_sql, Uuid::make(), one.alarm.name, now_, one.state.state,
                               one.state.words);
            const bool on = one.state.state == "alarm";
            log::write(on ? log::Level::warn : log::Level::info, "alarm",
                       {{"alarm", one.alarm.name}, {"state", one.state.state}, {"words", one.state.words}});
        }
        if (changed && before.state == "alarm") co_await clear(one);
        const bool worth_keeping = changed || one.state.calm != before.calm ||
                                   (one.state.state == "alarm" && one.state.words != before.words);
        if (worth_keeping) co_await keep(one);
    }

    /// Who resolves an incident by hand is not called again by the alarm that stays on: it keeps its incident
    /// until it is over.
    Task<void> clear(StandingAlarm& one) {
        if (!one.incident) co_return;
        IncidentEvent event{now_, "cleared", "alarm", fmt::format("{}: {}", one.alarm.name, one.state.words),
                            false};
        co_await add_event(tx_, *one.incident, std::move(event));
        one.incident.reset();
    }

    Task<void> keep(const StandingAlarm& one) {
        co_await tx_.query(keep_state_sql, one.alarm.name, one.state.state, one.state.since, one.state.calm,
                           one.state.words, one.incident);
    }

    bool is_silent(const Alarm& alarm) const {
        return is_silenced(alarm) || (!alarm.inhibited_by.empty() && on_.contains(alarm.inhibited_by));
    }

    bool is_silenced(const Alarm& alarm) const {
        return std::any_of(silences_.begin(), silences_.end(),
                           [&](const SilenceOrder& order) { return fits(order, alarm.name, now_); });
    }

    /// An alarm that is on has an incident: its group's, or a new one.
    Task<void> report(StandingAlarm& one) {
        if (one.state.state != "alarm" || one.incident || is_silent(one.alarm)) co_return;
        const auto open = co_await tx_.query(of_group_sql, one.alarm.group_name());
        Incident incident;
        if (open.empty()) {
            NewIncident about{one.alarm.description,
                              one.alarm.severity,
                              one.alarm.component,
                              one.alarm.group_name(),
                              around_.release,
                              fmt::format("{}: {}", one.alarm.name, one.state.words),
                              "alarm"};
            incident = co_await open_incident(tx_, std::move(about), now_);
            if (is_felt(incident)) co_await tell_subscribers(tx_, incident, "We look into it.", now_);
        } else {
            const auto found = co_await lock_incident(tx_, open[0].get<std::int32_t>(0));
            incident = *found;
            co_await join(incident, one);
        }
        one.incident = incident.id;
        co_await keep(one);
    }

    Task<void> join(Incident incident, const StandingAlarm& one) {
        const bool worse = one.alarm.severity < incident.severity;
        auto words = fmt::format("{}: {}", one.alarm.name, one.state.words);
        IncidentEvent event{now_, "note", "alarm", words, false};
        co_await add_event(tx_, incident.id, std::move(event));
        if (!worse) co_return;
        const bool was_felt = is_felt(incident);
        incident = co_await raise(tx_, std::move(incident), one.alarm.severity, now_);
        News news{"raised", std::move(words), 1};
        co_await say(incident, std::move(news));
        if (!was_felt && is_felt(incident))
            co_await tell_subscribers(tx_, incident, "We look into it.", now_);
    }

    Task<void> close_what_is_over() {
        const auto numbers = co_await tx_.query(cleared_sql);
        for (const auto row : numbers) {
            const auto found = co_await lock_incident(tx_, row.get<std::int32_t>(0));
            const auto closed = co_await resolve(tx_, *found, "alarm", "what was noticed is over", now_);
            News news{"resolved", "What was noticed is over.", 0};
            co_await say(*closed, std::move(news));
            if (is_felt(*closed)) co_await tell_subscribers(tx_, *closed, "It is over.", now_);
        }
    }

    /// The clock of what nobody has answered.
    Task<void> go_up() {
        const auto open = co_await list_incidents(tx_, false, 200);
        for (const auto& one : open) {
            if (one.state != "open" || quiet_.contains(one.id.text())) continue;
            co_await escalate_by_clock(one);
            const bool late = now_ - one.clock_from >= response_time(one.severity);
            if (late && !one.overdue) co_await note_overdue(one);
        }
    }

    Task<void> escalate_by_clock(Incident one) {
        const auto waited = std::chrono::duration_cast<std::chrono::seconds>(now_ - one.clock_from);
        const int due = level_after(one.severity, waited);
        while (one.level < due) {
            ++one.level;
            co_await set_level(tx_, one.id, one.level);
            const bool first = one.level == 1;
            const bool last = one.level > Contacts::levels;
            const auto words = co_await first_words(one.id);
            News news{first ? "opened" : last ? "unanswered" : "escalated", words, last ? 0 : one.level};
            const auto told = co_await say(one, std::move(news));
            if (first) continue;
            auto line = last ? fmt::format("nobody answered at all: everybody is asked again: {}", told)
                             : fmt::format("nobody answered: L{} is asked: {}", one.level, told);
            IncidentEvent event{now_, "escalated", "clock", std::move(line), false};
            co_await add_event(tx_, one.id, std::move(event));
        }
    }

    Task<std::string> first_words(Uuid incident) {
        const auto rows = co_await tx_.query(
            "SELECT words FROM incident_events WHERE incident = $1 AND kind = 'opened' ORDER BY at LIMIT 1",
            incident);
        co_return rows.empty() ? std::string() : rows[0].get<std::string>(0);
    }

    Task<void> note_overdue(const Incident& one) {
        co_await set_overdue(tx_, one.id);
        auto words = fmt::format("an answer was due within {} minutes", response_time(one.severity).count());
        IncidentEvent event{now_, "overdue", "clock", words, false};
        co_await add_event(tx_, one.id, std::move(event));
        News news{"overdue", std::move(words), std::max(one.level, 1)};
        if (news.level > Contacts::levels) news.level = 0;
        co_await say(one, std::move(news));
    }

    Task<std::string> say(const Incident& incident, News news) {
        co_return co_await watch::say(tx_, around_, incident, std::move(news), now_);
    }

    db::Transaction& tx_;
    const Surroundings& around_;
    const Time now_;
    std::vector<SilenceOrder> silences_;
    std::set<std::string> on_;     // groups with an alarm, now or a moment ago
    std::set<std::string> quiet_;  // ids of incidents
};

}  // namespace

Task<std::vector<StandingAlarm>> standing_alarms(db::Transaction& tx, Time now) {
    const auto alarms = co_await alarms_of(tx);
    const auto rows =
        co_await tx.query("SELECT alarm, state, since, calm, words, incident FROM alarm_states");
    std::map<std::string, StandingAlarm> known;
    for (const auto row : rows) {
        StandingAlarm one;
        one.state = {row.get<std::string>(1), row.get<Time>(2), row.get<std::optional<Time>>(3),
                     row.get<std::string>(4)};
        one.incident = row.get<std::optional<Uuid>>(5);
        known[row.get<std::string>(0)] = std::move(one);
    }
    std::vector<StandingAlarm> all;
    for (const auto& alarm : alarms) {
        StandingAlarm one;
        one.state.since = now;
        if (const auto found = known.find(alarm.name); found != known.end()) one = found->second;
        one.alarm = alarm;
        all.push_back(std::move(one));
    }
    co_return all;
}

Task<bool> look_around(db::Database& db, const Surroundings& around, Time now) {
    auto work = [&](db::Transaction& tx) -> Task<bool> {
        const auto turn = co_await tx.query(turn_sql, now);
        if (turn.empty()) co_return false;
        Look look(tx, around, now);
        co_await look.all();
        const double since = turn[0].get<double>(0);
        if (since <= longest_gap) co_await tx.query(components_sql, now, since, components());
        co_return true;
    };
    co_return co_await db.transaction(work);
}

}  // namespace bb::watch
