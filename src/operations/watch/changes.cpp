#include "operations/watch/changes.hpp"

namespace bb::watch {

Task<std::vector<AlarmChange>> alarm_changes(db::Database& db) {
    const auto rows = co_await db.query(
        "SELECT alarm, at, state, words FROM alarm_changes WHERE at > now() - interval '30 days' "
        "ORDER BY at DESC LIMIT 200");
    std::vector<AlarmChange> all;
    for (const auto row : rows)
        all.push_back(
            {row.get<std::string>(0), row.get<Time>(1), row.get<std::string>(2), row.get<std::string>(3)});
    co_return all;
}

Task<std::vector<Mark>> marks(db::Database& db) {
    const auto rows = co_await db.query(
        "SELECT at, 'release', subject_id FROM audit_entries WHERE action LIKE 'release.%' AND at > now() - "
        "interval '30 days' UNION ALL SELECT opened_at, 'incident', severity || ' ' || title FROM incidents "
        "WHERE opened_at > now() - interval '30 days' ORDER BY 1 DESC LIMIT 200");
    std::vector<Mark> all;
    for (const auto row : rows)
        all.push_back({row.get<Time>(0), row.get<std::string>(1), row.get<std::string>(2)});
    co_return all;
}

Task<Time> last_look(db::Database& db) {
    const auto rows = co_await db.query("SELECT looked_at FROM watch_turns");
    co_return rows[0].get<Time>(0);
}

}  // namespace bb::watch
