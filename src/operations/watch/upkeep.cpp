#include "operations/watch/upkeep.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"

namespace bb::watch {
namespace {

using std::chrono::hours;

// An installation is as old as its oldest entry in the audit log.
constexpr const char* begun_sql =
    "SELECT coalesce((SELECT at FROM audit_entries ORDER BY seq LIMIT 1), now())";
constexpr const char* last_sql =
    "SELECT at, result, words, figures::text FROM maintenance_runs WHERE task = $1 AND result <> 'missing' "
    "ORDER BY at DESC LIMIT 1";
constexpr const char* all_last_sql =
    "SELECT DISTINCT ON (task) task, at, result, words, max(at) FILTER (WHERE result <> 'missing') OVER "
    "(PARTITION BY task) FROM maintenance_runs ORDER BY task, at DESC";

}  // namespace

const std::vector<UpkeepTask>& upkeep_tasks() {
    static const std::vector<UpkeepTask> tasks = {
        {"performance", "weekly", "Review performance metrics"},
        {"errors", "weekly", "Check error logs"},
        {"backups", "weekly", "Verify backup integrity"},
        {"updates", "weekly", "Update dependencies (security patches)"},
        {"cost", "weekly", "Review cost optimization"},
        {"security", "monthly", "Security audit"},
        {"slow", "monthly", "Performance optimization review"},
        {"capacity", "monthly", "Capacity planning"},
        {"documentation", "monthly", "Documentation updates", true},
        {"drill", "monthly", "Disaster recovery testing"},
        {"architecture", "quarterly", "Architecture review", true},
        {"penetration", "quarterly", "Security penetration testing", true},
        {"cost-analysis", "quarterly", "Cost optimization analysis"},
        {"stack", "quarterly", "Technology stack updates"},
        {"continuity", "quarterly", "Business continuity planning"},
    };
    return tasks;
}

hours length_of(const std::string& period) {
    if (period == "weekly") return hours(7 * 24);
    return period == "monthly" ? hours(31 * 24) : hours(92 * 24);
}

std::optional<UpkeepRun> last_run(db::Session& session, const std::string& task) {
    const auto rows = session.query(last_sql, task);
    if (rows.empty()) return std::nullopt;
    UpkeepRun run{rows[0].get<Time>(0), {rows[0].get<std::string>(1), rows[0].get<std::string>(2), {}}};
    const auto figures = parse_json(rows[0].get<std::string_view>(3));
    if (figures && figures->is_object())
        for (const auto& [name, value] : figures->get_object())
            if (value.is_number()) run.review.figures[std::string(name)] = value.to_number<double>();
    return run;
}

void keep_run(db::Session& session, const std::string& task, const Review& review, Time now) {
    JsonWriter json;
    json.object();
    for (const auto& [name, value] : review.figures) json.field(name, value);
    const auto figures = json.end().take();
    session.query(
        "INSERT INTO maintenance_runs (id, task, at, result, words, figures) VALUES ($1, $2, $3, $4, $5, $6)",
        Uuid::make(), task, now, review.result, review.words, db::Json{figures});
}

Time due_at(db::Session& session, const UpkeepTask& task) {
    const auto last = last_run(session, task.name);
    const Time from = last ? last->at : session.query(begun_sql)[0].get<Time>(0);
    return from + length_of(task.period);
}

Task<std::vector<UpkeepStanding>> upkeep_standing(db::Database& db, Time now) {
    const auto begun = co_await db.query(begun_sql);
    const auto rows = co_await db.query(all_last_sql);
    std::vector<UpkeepStanding> all;
    for (const auto& task : upkeep_tasks()) {
        UpkeepStanding one{task, {}, begun[0].get<Time>(0), false};
        for (const auto row : rows) {
            if (row.get<std::string>(0) != task.name) continue;
            one.last = UpkeepRun{row.get<Time>(1), {row.get<std::string>(2), row.get<std::string>(3), {}}};
            one.due = row.get<std::optional<Time>>(4).value_or(one.due);
        }
        one.due += length_of(task.period);
        one.overdue = !task.needs_sources && now > one.due + hours(24);
        all.push_back(std::move(one));
    }
    co_return all;
}

Task<int> count_overdue(db::Database& db, Time now) {
    const auto all = co_await upkeep_standing(db, now);
    co_return static_cast<int>(
        std::count_if(all.begin(), all.end(), [](const UpkeepStanding& one) { return one.overdue; }));
}

}  // namespace bb::watch
