#include <algorithm>
#include <boost/json.hpp>

#include "operations/watch/alarm.hpp"

namespace bb::watch {
namespace {

constexpr const char* put_sql =
    "INSERT INTO alarms (name, definition, changed_at) VALUES ($1, $2, now()) ON CONFLICT (name) DO "
    "UPDATE SET definition = alarms.definition || excluded.definition, changed_at = now()";

}  // namespace

Alarm new_alarm(std::string name) {
    Alarm made;
    made.description = name + " is beyond its threshold.";
    made.name = std::move(name);
    made.severity = "P2";
    made.component = "service";
    return made;
}

Task<Result<Alarm>> put_alarm(db::Transaction& tx, std::string name, boost::json::value definition) {
    auto base = new_alarm(name);
    const auto known = co_await alarms_of(tx);
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const Alarm& one) { return one.name == name; });
    if (found != known.end()) base = *found;
    auto alarm = changed(std::move(base), definition);
    if (!alarm) co_return alarm;
    const auto text = boost::json::serialize(definition);
    const db::Json json{text};
    co_await tx.query(put_sql, name, json);
    co_return alarm;
}

Task<bool> remove_alarm(db::Transaction& tx, std::string name) {
    const auto gone = co_await tx.query("DELETE FROM alarms WHERE name = $1", name);
    const auto& ours = built_in_alarms();
    const bool stays =
        std::any_of(ours.begin(), ours.end(), [&](const Alarm& one) { return one.name == name; });
    if (!stays) co_await tx.query("DELETE FROM alarm_states WHERE alarm = $1", name);
    co_return gone.affected() > 0;
}

}  // namespace bb::watch
