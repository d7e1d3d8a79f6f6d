#include <fmt/format.h>

#include <cmath>

#include "operations/watch/doctor/database.hpp"
#include "operations/watch/statistic.hpp"
#include "operations/watch/upkeep.hpp"

namespace bb::watch {
namespace {

using std::chrono::hours;

constexpr std::string_view debian_12_ends = "2028-06-30";  // long-term support: wiki.debian.org/LTS

constexpr const char* requests_sql =
    "SELECT coalesce(sum(h.value), 0)::float8, coalesce(sum(h.value) FILTER (WHERE s.labels ->> 'status' "
    "LIKE '5%'), "
    "0)::float8 FROM metric_hours h JOIN metric_series s ON s.id = h.series "
    "WHERE s.name = 'brainbytes_http_requests_total' AND h.at >= $1 AND h.at < $2 "
    "AND s.labels ->> 'route' NOT IN ('/livez', '/readyz', '/api/health', '/api/metrics', 'maintenance')";
/// One row for each bucket of all routes, by route when $3.
constexpr const char* buckets_sql =
    "SELECT CASE WHEN $3 THEN s.labels ->> 'route' ELSE '' END, u.place::int, sum(u.count)::bigint, "
    "min(s.bounds) "
    "FROM metric_hours h JOIN metric_series s ON s.id = h.series, unnest(h.counts) WITH ORDINALITY AS u "
    "(count, place) "
    "WHERE s.name = 'brainbytes_http_request_duration_seconds' AND h.at >= $1 AND h.at < $2 "
    "AND s.labels ->> 'route' NOT IN ('/livez', '/readyz', '/api/health', '/api/metrics', 'maintenance') "
    "GROUP BY 1, 2 "
    "ORDER BY 1, 2";

struct Timed {
    std::vector<double> bounds;
    std::vector<std::uint64_t> counts;

    std::uint64_t all() const {
        std::uint64_t sum = 0;
        for (const auto count : counts) sum += count;
        return sum;
    }
};

std::map<std::string, Timed> timed_by_route(db::Session& session, Time from, Time to, bool by_route) {
    std::map<std::string, Timed> found;
    for (const auto row : session.query(buckets_sql, from, to, by_route)) {
        auto& timed = found[row.get<std::string>(0)];
        if (timed.bounds.empty()) timed.bounds = bounds_in(row.get<std::string>(3));
        timed.counts.resize(timed.bounds.size() + 1);
        const auto place = static_cast<std::size_t>(row.get<std::int32_t>(1) - 1);
        if (place < timed.counts.size())
            timed.counts[place] += static_cast<std::uint64_t>(row.get<std::int64_t>(2));
    }
    return found;
}

double p95_of(db::Session& session, Time from, Time to) {
    const auto found = timed_by_route(session, from, to, false);
    const auto all = found.find("");
    return all == found.end() ? 0 : quantile(all->second.bounds, all->second.counts, 0.95).value_or(0);
}

}  // namespace

Review review_performance(db::Session& session, Time now) {
    const auto week = [&](int ago) {
        const Time from = now - hours(7 * 24 * (ago + 1)), to = now - hours(7 * 24 * ago);
        const auto rows = session.query(requests_sql, from, to);
        return std::tuple(rows[0].get<double>(0), rows[0].get<double>(1), p95_of(session, from, to));
    };
    const auto [requests, failed, p95] = week(0);
    const auto [requests_before, failed_before, p95_before] = week(1);
    if (requests == 0) return {"missing", "no full hour of requests is in the history of this week", {}};
    Review review;
    review.figures = {{"requests", requests}, {"failedShare", failed / requests}, {"p95Seconds", p95}};
    review.words =
        fmt::format("{:.0f} requests ({:.0f} in the week before), {:.3f} % failed, p95 {:.0f} ms ({:.0f} ms)",
                    requests, requests_before, 100 * failed / requests, 1000 * p95, 1000 * p95_before);
    const bool slower = p95_before > 0 && p95 > 2 * p95_before && p95 > 0.1;
    if (failed / requests > 0.001 || slower) review.result = "attention";
    return review;
}

Review review_errors(db::Session& session, Time now) {
    const auto rows = session.query(
        "SELECT s.labels ->> 'route', s.labels ->> 'status', sum(h.value)::float8 FROM metric_hours h "
        "JOIN metric_series s ON s.id = h.series WHERE s.name = 'brainbytes_http_requests_total' "
        "AND s.labels ->> 'status' LIKE '5%' AND h.at >= $1 GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 10",
        Time(now - hours(7 * 24)));
    const auto alarms = session.query(
        "SELECT alarm, count(*) FROM alarm_changes WHERE state = 'alarm' AND at >= $1 GROUP BY 1 ORDER BY 2 "
        "DESC "
        "LIMIT 10",
        Time(now - hours(7 * 24)));
    Review review;
    double all = 0;
    for (const auto row : rows) {
        all += row.get<double>(2);
        review.words += fmt::format("{} {}: {:.0f}; ", row.get<std::string>(0), row.get<std::string>(1),
                                    row.get<double>(2));
    }
    for (const auto row : alarms)
        review.words +=
            fmt::format("alarm {}: {} times; ", row.get<std::string>(0), row.get<std::int64_t>(1));
    review.figures = {{"failed", all}, {"alarms", static_cast<double>(alarms.size())}};
    if (review.words.empty()) review.words = "no request failed, and no alarm was on";
    if (all > 0 || alarms.size() > 0) review.result = "attention";
    return review;
}

Review review_cost(db::Session& session, Time now, int days) {
    const auto tokens = session.query(
        "SELECT coalesce(sum(tokens) FILTER (WHERE day > ($1::timestamptz)::date - $2::int), 0)::bigint, "
        "coalesce(sum(tokens) FILTER (WHERE day <= ($1::timestamptz)::date - $2::int), 0)::bigint FROM "
        "token_use "
        "WHERE day > ($1::timestamptz)::date - 2 * $2::int",
        now, days);
    const auto size = session.query("SELECT pg_database_size(current_database())")[0].get<std::int64_t>(0);
    const auto backups = session.query(
        "SELECT coalesce(sum(bytes), 0)::bigint FROM backup_runs WHERE backup IS NOT NULL AND started_at >= "
        "$1",
        Time(now - hours(24 * days)));
    const auto used = static_cast<double>(tokens[0].get<std::int64_t>(0));
    const auto before = static_cast<double>(tokens[0].get<std::int64_t>(1));
    Review review;
    review.figures = {{"tokens", used},
                      {"databaseBytes", static_cast<double>(size)},
                      {"backupBytes", static_cast<double>(backups[0].get<std::int64_t>(0))}};
    review.words = fmt::format(
        "{:.0f} tokens in {} days ({:.0f} in those before); database {:.1f} MB; backups made {:.1f} MB", used,
        days, before, static_cast<double>(size) / 1e6, review.figures["backupBytes"] / 1e6);
    if (before > 10'000 && used > 2 * before) review.result = "attention";
    return review;
}

Review review_slow_routes(db::Session& session, Time now) {
    const auto found = timed_by_route(session, now - hours(31 * 24), now, true);
    if (found.empty()) return {"missing", "no full hour of requests is in the history of this month", {}};
    Review review;
    std::multimap<double, std::string> slow;
    for (const auto& [route, timed] : found)
        if (timed.all() >= 20)
            if (const auto p95 = quantile(timed.bounds, timed.counts, 0.95)) slow.emplace(-*p95, route);
    int shown = 0;
    for (const auto& [negative, route] : slow) {
        if (++shown > 5) break;
        review.words += fmt::format("{}: p95 {:.0f} ms; ", route, -1000 * negative);
        review.figures[route] = -negative;
    }
    if (!slow.empty() && -slow.begin()->first > 1) review.result = "attention";
    if (review.words.empty()) review.words = "no route has twenty requests yet";
    return review;
}

Review forecast_capacity(db::Session& session, Time now) {
    const auto rows = session.query(
        "SELECT coalesce(s.labels ->> 'place', ''), regr_slope(h.value, extract(epoch FROM h.at))::float8, "
        "(array_agg(h.value ORDER BY h.at DESC))[1], count(*) FROM metric_hours h JOIN metric_series s ON "
        "s.id = h.series "
        "WHERE s.name = 'brainbytes_disk_free_share' AND h.at >= $1 GROUP BY 1 ORDER BY 1",
        Time(now - hours(31 * 24)));
    if (rows.empty()) return {"missing", "no full hour of the disks is in the history", {}};
    Review review;
    for (const auto row : rows) {
        const auto place = row.get<std::string>(0);
        const double free = row.get<double>(2);
        const double slope = row.is_null(1) ? 0 : row.get<double>(1);  // share a second
        review.figures[place + "FreeShare"] = free;
        review.words += fmt::format("{}: {:.0f} % free", place, 100 * free);
        if (slope < 0 && row.get<std::int64_t>(3) >= 24) {
            const double days = free / -slope / 86'400;
            review.figures[place + "DaysLeft"] = days;
            if (days < 3650)
                review.words += fmt::format(
                    ", full about {}", to_rfc3339(now + hours(static_cast<long>(days * 24))).substr(0, 10));
            if (days < 90) review.result = "attention";
        }
        review.words += "; ";
    }
    return review;
}

namespace {

std::string outcome(const std::optional<double>& rto, const std::optional<double>& rpo) {
    const auto back = rto ? fmt::format("back in {:.0f} s", *rto) : std::string("never back");
    return rpo ? fmt::format("{}, {:.0f} s of work lost", back, *rpo) : back;
}

}  // namespace

Review review_continuity(db::Session& session, Time now) {
    const auto rows = session.query(
        "SELECT scenario, count(*), max(nullif(rto_seconds, 'NaN')), max(nullif(rpo_seconds, 'NaN')), "
        "bool_and(good) FROM drills WHERE "
        "started_at >= $1 "
        "GROUP BY 1 ORDER BY 1",
        Time(now - hours(92 * 24)));
    if (rows.empty()) return {"missing", "no drill was held this quarter: brainbytes drill run", {}};
    Review review;
    for (const auto row : rows) {
        const auto scenario = row.get<std::string>(0);
        const auto rto = row.get<std::optional<double>>(2), rpo = row.get<std::optional<double>>(3);
        review.words +=
            fmt::format("{} ({} times): {}; ", scenario, row.get<std::int64_t>(1), outcome(rto, rpo));
        if (rto) review.figures[scenario + "RtoSeconds"] = *rto;
        // The plan: a database within an hour, at most a day of work lost.
        if (!row.get<bool>(4) || rto > 3600 || rpo > 86'400) review.result = "attention";
    }
    return review;
}

Review review_drill(db::Session& session, Time now) {
    const auto rows = session.query(
        "SELECT scenario, started_at, good, nullif(rto_seconds, 'NaN'), nullif(rpo_seconds, 'NaN') "
        "FROM drills WHERE started_at > $1 "
        "ORDER BY started_at DESC LIMIT 1",
        Time(now - hours(31 * 24)));
    if (rows.empty()) return {"missing", "no drill was held this month: brainbytes drill run", {}};
    Review review;
    const auto rto = rows[0].get<std::optional<double>>(3), rpo = rows[0].get<std::optional<double>>(4);
    if (rto) review.figures["rtoSeconds"] = *rto;
    if (rpo) review.figures["rpoSeconds"] = *rpo;
    review.words = fmt::format("{} at {}: {}", rows[0].get<std::string>(0), to_rfc3339(rows[0].get<Time>(1)),
                               outcome(rto, rpo));
    if (!rows[0].get<bool>(2)) review.result = "attention";
    return review;
}

Review review_stack(db::Session& session, Time now) {
    const auto number =
        session.query("SELECT current_setting('server_version_num')::int")[0].get<std::int32_t>(0);
    Review review;
    const auto look = [&](const std::string& what, std::string_view end) {
        const auto day = parse_rfc3339(std::string(end) + "T00:00:00.000000Z");
        const auto left = std::chrono::duration_cast<std::chrono::days>(*day - now).count();
        review.figures[what + " days left"] = static_cast<double>(left);
        review.words += fmt::format("{} is looked after until {}; ", what, end);
        if (left < 180) review.result = "attention";
    };
    look("Debian 12", debian_12_ends);
    const auto major = fmt::format("PostgreSQL {}", number / 10000);
    if (const auto end = end_of_postgres(number / 10000))
        look(major, *end);
    else
        review.words += major + " is newer than what is known here of ends of support";
    return review;
}

Review review_access(db::Session& session, Time now) {
    const auto rows = session.query(
        "SELECT (SELECT count(*) FROM users WHERE role = 'administrator' AND suspended_at IS NULL), "
        "(SELECT count(*) FROM audit_entries WHERE action = 'sign_in.failed' AND at > $1)",
        Time(now - hours(31 * 24)));
    Review review;
    review.figures = {{"administrators", static_cast<double>(rows[0].get<std::int64_t>(0))},
                      {"failedSignIns", static_cast<double>(rows[0].get<std::int64_t>(1))}};
    review.words = fmt::format("{} administrators, {} failed sign-ins in 31 days",
                               rows[0].get<std::int64_t>(0), rows[0].get<std::int64_t>(1));
    return review;
}

}  // namespace bb::watch
