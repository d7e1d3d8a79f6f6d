#include "operations/watch/silences.hpp"

namespace bb::watch {

bool fits(const SilenceOrder& order, std::string_view alarm, Time now) {
    if (now < order.begins || now >= order.ends) return false;
    std::string_view pattern = order.alarm;
    if (!pattern.ends_with('*')) return pattern == alarm;
    pattern.remove_suffix(1);
    return alarm.starts_with(pattern);
}

Task<std::vector<SilenceOrder>> silences_of(db::Transaction& tx, Time now) {
    const auto rows = co_await tx.query(
        "SELECT id, alarm, reason, begins, ends FROM alarm_silences WHERE ends > $1 ORDER BY ends LIMIT 500",
        now);
    std::vector<SilenceOrder> all;
    for (const auto row : rows)
        all.push_back({row.get<Uuid>(0), row.get<std::string>(1), row.get<std::string>(2), row.get<Time>(3),
                       row.get<Time>(4)});
    co_return all;
}

Task<void> add_silence(db::Transaction& tx, SilenceOrder order) {
    co_await tx.query(
        "INSERT INTO alarm_silences (id, alarm, reason, begins, ends) VALUES ($1, $2, $3, $4, $5)", order.id,
        order.alarm, order.reason, order.begins, order.ends);
}

Task<int> end_silences(db::Transaction& tx, std::string alarm, Time now) {
    const auto ended = co_await tx.query(
        "UPDATE alarm_silences SET ends = $2 WHERE alarm = $1 AND ends > $2 AND begins < $2", alarm, now);
    co_return static_cast<int>(ended.affected());
}

}  // namespace bb::watch
