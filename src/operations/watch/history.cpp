#include "operations/watch/history.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "base/core/json_writer.hpp"

namespace bb::watch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::size_t most_points = 10'000;  // of one look at one node
constexpr int minute_slots = 16;
constexpr int month_slots = 15;
constexpr int most_hours = 24;

template <class Number>
std::string array_text(const std::vector<Number>& numbers) {
    return fmt::format("{{{}}}", fmt::join(numbers, ","));
}

const char* name_of(metrics::Kind kind) {
    return kind == metrics::Kind::counter ? "counter" : kind == metrics::Kind::gauge ? "gauge" : "histogram";
}

int day_slot(Time at) {
    return static_cast<int>(std::chrono::floor<std::chrono::days>(at).time_since_epoch().count() %
                            minute_slots);
}

int month_slot(Time at) {
    const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(at));
    return (static_cast<int>(date.year()) * 12 + static_cast<int>(static_cast<unsigned>(date.month()))) %
           month_slots;
}

constexpr const char* make_series_sql =
    "INSERT INTO metric_series (name, labels, kind, bounds) SELECT g.name, g.labels::jsonb, g.kind, g.bounds "
    "FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS g (name, labels, kind, bounds) "
    "WHERE NOT EXISTS (SELECT FROM metric_series s WHERE s.name = g.name AND s.labels = g.labels::jsonb "
    "AND s.kind = g.kind AND s.bounds = g.bounds) ON CONFLICT DO NOTHING";
// By what a series is, not by a number that was seen before: a restore gives the numbers to others.
constexpr const char* add_sql =
    "INSERT INTO metric_minutes AS m (slot, series, at, node, value, counts) "
    "SELECT $1::int::smallint, s.id, $2, $3, g.value::float8, nullif(g.counts, '')::bigint[] "
    "FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[]) "
    "AS g (name, labels, kind, bounds, value, counts) JOIN metric_series s ON s.name = g.name "
    "AND s.labels = g.labels::jsonb AND s.kind = g.kind AND s.bounds = g.bounds "
    "ON CONFLICT (series, at, node, slot) DO UPDATE SET "
    "value = CASE WHEN (SELECT kind FROM metric_series WHERE id = m.series) = 'gauge' THEN excluded.value "
    "ELSE m.value + excluded.value END, "
    "counts = (SELECT array_agg(coalesce(a, 0) + coalesce(b, 0) ORDER BY place) "
    "FROM unnest(m.counts, excluded.counts) WITH ORDINALITY AS u (a, b, place))";

constexpr const char* sum_up_sql =
    "WITH chosen AS (SELECT m.*, s.kind FROM metric_minutes m JOIN metric_series s ON s.id = m.series "
    "WHERE m.at >= $1 AND m.at < $2 AND m.slot = $4::int::smallint), "
    "buckets AS (SELECT series, node, array_agg(total ORDER BY place) AS counts FROM "
    "(SELECT series, node, place, sum(count)::bigint AS total FROM chosen, "
    "unnest(counts) WITH ORDINALITY AS u (count, place) GROUP BY 1, 2, 3) AS t GROUP BY 1, 2) "
    "INSERT INTO metric_hours (slot, series, at, node, value, low, high, counts) "
    "SELECT $3::int::smallint, c.series, $1, c.node, "
    "CASE WHEN c.kind = 'gauge' THEN avg(c.value) ELSE sum(c.value) END, min(c.value), max(c.value), "
    "min(b.counts) FROM chosen c LEFT JOIN buckets b USING (series, node) GROUP BY c.series, c.node, c.kind "
    "ON CONFLICT (series, at, node, slot) DO UPDATE SET value = excluded.value, low = excluded.low, "
    "high = excluded.high, counts = excluded.counts";

/// An anchored regular expression of PostgreSQL.
std::string expression_of(std::string_view pattern) {
    std::string out = "^(";
    for (const char c : pattern) {
        if (c == '*')
            out += ".*";
        else if (c == '|')
            out += '|';
        else if (std::string_view("\\.+?()[]{}^$").find(c) != std::string_view::npos)
            out += std::string("\\") + c;
        else
            out += c;
    }
    return out + ")$";
}

/// [["label", "expression", fits?], ...] for SQL.
std::string patterns_json(const Selector& selector) {
    JsonWriter json;
    json.array();
    for (const auto& [label, pattern] : selector.labels) {
        const bool others = pattern.starts_with('!');
        json.array().value(label).value(expression_of(std::string_view(pattern).substr(others ? 1 : 0)));
        json.value(!others).end();
    }
    return json.end().take();
}

constexpr const char* chosen_sql =
    "SELECT s.id, s.kind, s.bounds FROM metric_series s WHERE s.name = $1 AND NOT EXISTS "
    "(SELECT FROM jsonb_array_elements($2::jsonb) w WHERE (coalesce(s.labels ->> (w ->> 0), '') ~ (w ->> 1)) "
    "<> (w ->> 2)::boolean) ORDER BY s.id";

constexpr std::string_view minutes_table =
    "SELECT series, at, value, value AS low, value AS high, counts FROM metric_minutes";
constexpr std::string_view hours_table =
    "SELECT series, at, value, low, high, counts FROM metric_hours WHERE at < (SELECT summed_to FROM "
    "watch_turns) UNION ALL SELECT series, at, value, value, value, counts FROM metric_minutes "
    "WHERE at >= (SELECT summed_to FROM watch_turns)";

/// The statements of one table; their addresses stay.
struct Reading {
    explicit Reading(std::string_view table)
        : periods(fmt::format(
              "SELECT floor(extract(epoch FROM m.at - $2) / $4::int)::int, sum(m.value), min(m.low), "
              "max(m.high), count(*) FROM ({}) AS m WHERE m.at >= $2 AND m.at < $3 AND m.series = ANY ($1) "
              "GROUP BY 1 ORDER BY 1",
              table)),
          buckets(fmt::format(
              "SELECT floor(extract(epoch FROM m.at - $2) / $4::int)::int, u.place::int, "
              "sum(u.count)::bigint "
              "FROM ({}) AS m, unnest(m.counts) WITH ORDINALITY AS u (count, place) "
              "WHERE m.at >= $2 AND m.at < $3 AND m.series = ANY ($1) GROUP BY 1, 2 ORDER BY 1, 2",
              table)) {}
    const std::string periods, buckets;
};

const Reading& reading(bool by_hours) {
    static const Reading minutes(minutes_table), hours(hours_table);
    return by_hours ? hours : minutes;
}

}  // namespace

Task<void> History::add(const std::vector<Point>& points, Time at) {
    if (points.empty()) co_return;
    if (points.size() > most_points) throw std::runtime_error("too many series for the history");
    std::vector<std::string> names, labels, kinds, bounds, values, counts;
    for (const auto& point : points) {
        names.push_back(point.name);
        labels.push_back(labels_json(point.labels));
        kinds.emplace_back(name_of(point.kind));
        bounds.push_back(array_text(point.bounds));
        values.push_back(fmt::format("{}", point.value));
        counts.push_back(point.counts.empty() ? "" : array_text(point.counts));
    }
    const Time minute = std::chrono::floor<minutes>(at);
    co_await db_.query(make_series_sql, names, labels, kinds, bounds);
    co_await db_.query(add_sql, day_slot(minute), minute, node_, names, labels, kinds, bounds, values,
                       counts);
}

namespace {

/// What was said to whom is kept for a quarter, the rest as long as the history.
Task<void> forget_the_old(db::Transaction& tx, Time now) {
    const Time year(now - hours(24 * 395)), quarter(now - hours(24 * 92)), week(now - hours(24 * 7));
    co_await tx.query("DELETE FROM alarm_messages WHERE created_at < $1", quarter);
    co_await tx.query("DELETE FROM alarm_changes WHERE at < $1", year);
    co_await tx.query("DELETE FROM incidents WHERE resolved_at < $1", year);
    co_await tx.query("DELETE FROM maintenance_runs WHERE at < $1::timestamptz - interval '2 years'", year);
    co_await tx.query("DELETE FROM alarm_silences WHERE ends < $1", quarter);
    co_await tx.query("DELETE FROM status_days WHERE day < ($1::timestamptz AT TIME ZONE 'UTC')::date", year);
    co_await tx.query("DELETE FROM status_subscribers WHERE confirmed_at IS NULL AND asked_at < $1", week);
}

}  // namespace

namespace {

Task<void> condense_in(db::Transaction& tx, Time now) {
    const Time oldest = std::chrono::floor<hours>(now - kept_in_minutes);
    const auto turn = co_await tx.query(
        "SELECT greatest(summed_to, begun_at, $1::timestamptz) FROM watch_turns FOR UPDATE", oldest);
    // The last minutes of an hour come a little later from other nodes.
    const Time until = std::chrono::floor<hours>(now - minutes(2));
    Time hour = std::chrono::floor<hours>(turn[0].get<Time>(0));
    if (hour >= until) co_return;
    for (int i = 0; i < most_hours && hour < until; ++i, hour += hours(1))
        co_await tx.query(sum_up_sql, hour, Time(hour + hours(1)), month_slot(hour), day_slot(hour));
    co_await tx.query("UPDATE watch_turns SET summed_to = $1", hour);
    co_await tx.query("DELETE FROM metric_minutes WHERE slot = $1::int::smallint AND at < $2",
                      (day_slot(now) + 1) % minute_slots, Time(now - kept_in_minutes));
    co_await tx.query("DELETE FROM metric_hours WHERE slot = $1::int::smallint AND at < $2",
                      (month_slot(now) + 1) % month_slots, Time(now - hours(24 * 390)));
    co_await forget_the_old(tx, now);
}

}  // namespace

Task<void> condense(db::Database& db, Time now) {
    auto work = [now](db::Transaction& tx) {
        return condense_in(tx, now);
    };
    co_await db.transaction(work);
}

std::vector<double> bounds_in(const std::string& text) {
    std::vector<double> numbers;
    for (std::size_t at = 1; at + 1 < text.size();) {
        const auto comma = std::min(text.find(',', at), text.size() - 1);
        numbers.push_back(std::stod(text.substr(at, comma - at)));
        at = comma + 1;
    }
    return numbers;
}

Task<std::vector<KnownMetric>> known_metrics(db::Database& db) {
    const auto rows =
        co_await db.query("SELECT name, min(kind), count(*) FROM metric_series GROUP BY name ORDER BY name");
    std::vector<KnownMetric> all;
    for (const auto row : rows)
        all.push_back({row.get<std::string>(0), row.get<std::string>(1), row.get<std::int64_t>(2)});
    co_return all;
}

Task<Found> read_history(db::Transaction& tx, Selector selector, Time start, Time end,
                         std::chrono::seconds length, Time now) {
    if (length.count() < 1 || (end - start) / length > 2'000)
        throw std::logic_error("too many periods for one look at the history");
    const auto patterns = patterns_json(selector);
    const auto chosen = co_await tx.query(chosen_sql, selector.metric, patterns);
    Found found;
    if (chosen.empty()) co_return found;
    const auto newest = chosen[chosen.size() - 1];
    found.kind = newest.get<std::string>(1);
    const auto bounds = newest.get<std::string>(2);
    std::vector<std::int32_t> series;
    for (const auto row : chosen)
        if (row.get<std::string_view>(2) == bounds) series.push_back(row.get<std::int32_t>(0));
    found.bounds = bounds_in(bounds);
    const auto seconds = static_cast<std::int32_t>(length.count());
    const auto& sql = reading(length > hours(6) || start < now - kept_in_minutes);
    const auto periods = co_await tx.query(sql.periods.c_str(), series, start, end, seconds);
    std::map<std::int32_t, std::size_t> places;
    for (const auto row : periods) {
        const auto place = row.get<std::int32_t>(0);
        places[place] = found.periods.size();
        found.periods.push_back({start + place * length,
                                 row.get<double>(1),
                                 row.get<double>(2),
                                 row.get<double>(3),
                                 row.get<std::int64_t>(4),
                                 {}});
    }
    if (found.kind != "histogram") co_return found;
    const auto buckets = co_await tx.query(sql.buckets.c_str(), series, start, end, seconds);
    for (const auto row : buckets) {
        auto& counts = found.periods.at(places.at(row.get<std::int32_t>(0))).counts;
        counts.resize(found.bounds.size() + 1);
        counts.at(static_cast<std::size_t>(row.get<std::int32_t>(1) - 1)) =
            static_cast<std::uint64_t>(row.get<std::int64_t>(2));
    }
    co_return found;
}

}  // namespace bb::watch
