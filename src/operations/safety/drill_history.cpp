#include "operations/safety/drill_history.hpp"

#include <limits>

#include "base/core/json_writer.hpp"
#include "base/core/uuid.hpp"
#include "operations/safety/retention.hpp"

namespace bb::safety {
namespace {

// A month, and a day for the drill itself.
constexpr std::chrono::hours longest_without{31 * 24};

constexpr const char* note_sql =
    "INSERT INTO drills (id, scenario, backup, started_at, rto_seconds, rpo_seconds, good, checks) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
// NaN stands for what a failed drill has not: the release before reads these columns as numbers.
constexpr double none = std::numeric_limits<double>::quiet_NaN();
// Not those of a time to come, when a clock was wrong: none would be held until then.
constexpr const char* past_sql =
    "SELECT scenario, backup, started_at, nullif(rto_seconds, 'NaN'), nullif(rpo_seconds, 'NaN'), good, "
    "checks::text FROM drills WHERE started_at <= $2 ORDER BY started_at DESC LIMIT $1";

constexpr const char* has_drills_sql = "SELECT to_regclass('drills') IS NOT NULL";
constexpr const char* all_drills_sql = "SELECT coalesce(jsonb_agg(d), '[]')::text FROM drills d";
constexpr const char* add_drills_sql =
    "INSERT INTO drills SELECT * FROM jsonb_populate_recordset(NULL::drills, $1) ON CONFLICT (id) DO NOTHING";

std::vector<PastDrill> drills_in(const db::Rows& rows) {
    std::vector<PastDrill> past;
    for (const auto row : rows)
        past.push_back(PastDrill{row.get<std::string>(0), row.get<std::string>(1), row.get<Time>(2),
                                 row.get<std::optional<double>>(3), row.get<std::optional<double>>(4),
                                 row.get<bool>(5), row.get<std::string>(6)});
    return past;
}

}  // namespace

bool is_drill_late(std::optional<Time> last) {
    return !last || now() > *last + longest_without;
}

std::string checks_json(const DrillResult& result) {
    JsonWriter json;
    json.array();
    for (const auto& check : result.checks)
        json.object().field("name", check.name).field("good", check.good).field("detail", check.detail).end();
    return json.end().take();
}

void note_drill(db::Session& session, const DrillResult& result) {
    session.query(note_sql, Uuid::make(), result.scenario, result.backup, result.started_at,
                  result.rto_seconds.value_or(none), result.rpo_seconds.value_or(none), result.good(),
                  db::Json{checks_json(result)});
}

std::vector<PastDrill> past_drills(db::Session& session, int limit) {
    return drills_in(session.query(past_sql, limit, now() + clock_tolerance));
}

Task<std::vector<PastDrill>> past_drills(db::Database& db, int limit) {
    const auto rows = co_await db.query(past_sql, limit, now() + clock_tolerance);
    co_return drills_in(rows);
}

void carry_drills(db::Session& from, db::Session& to) {
    if (!from.query(has_drills_sql)[0].get<bool>(0)) return;
    to.query(add_drills_sql, db::Json{from.query(all_drills_sql)[0].get<std::string>(0)});
}

}  // namespace bb::safety
