#include "unit/operations/watch/simulation.hpp"

#include <fmt/format.h>

#include <cmath>

namespace bb::test {
namespace {

using watch::Point;
using Kind = metrics::Kind;

Point counter(const char* name, metrics::Labels labels, double value) {
    return {name, std::move(labels), Kind::counter, value, {}, {}};
}

Point gauge(const std::string& name, double value) {
    return {name, {}, Kind::gauge, value, {}, {}};
}

std::vector<Point> points_of(const Minute& minute) {
    const std::map<std::string, double> usual = {
        {"brainbytes_model_up", 1},
        {"brainbytes_disk_free_share", 0.5},
        {"brainbytes_certificate_days", 60},
        {"brainbytes_backup_age_seconds", 3600},
        {"brainbytes_wal_lag_seconds", 1},
        {"brainbytes_drill_good", 1},
        {"brainbytes_drill_rto_seconds", 60},
        {"brainbytes_drill_age_seconds", 86'400},
        {"brainbytes_audit_whole", 1},
        {"brainbytes_db_transactions_waiting", 0},
        {"brainbytes_serving", 1},
    };
    auto gauges = usual;
    for (const auto& [name, value] : minute.gauges) gauges[name] = value;
    std::vector<Point> points;
    for (const auto& [name, value] : gauges)
        if (!std::isnan(value)) points.push_back(gauge(name, value));  // as Increments leaves them out
    const char* requests = "brainbytes_http_requests_total";
    points.push_back(
        counter(requests, {{"route", "/api/threads"}, {"status", "200"}}, minute.requests - minute.failed));
    if (minute.failed > 0)
        points.push_back(counter(requests, {{"route", "/api/threads"}, {"status", "500"}}, minute.failed));
    if (minute.failed_sign_ins > 0)
        points.push_back(counter("brainbytes_sign_in_total", {{"method", "email"}, {"outcome", "failed"}},
                                 minute.failed_sign_ins));
    const auto slow = static_cast<std::uint64_t>(minute.slow_share * minute.requests);
    const auto quick = static_cast<std::uint64_t>(minute.requests) - slow;
    points.push_back({"brainbytes_http_request_duration_seconds",
                      {{"route", "/api/threads"}},
                      Kind::histogram,
                      static_cast<double>(quick) * 0.02 + static_cast<double>(slow) * 2,
                      {0.05, 1, 2.5},
                      {quick, 0, slow, 0}});
    points.push_back({"brainbytes_time_to_first_token_seconds", {}, Kind::histogram, 1, {0.5, 1}, {5, 0, 0}});
    return points;
}

}  // namespace

Task<void> Simulation::pass(int minutes, Minute minute) {
    const auto points = points_of(minute);
    const std::vector<Point> serving = {gauge("brainbytes_serving", 1)};
    for (int i = 0; i < minutes; ++i, ++minute_) {
        co_await one_.add(points, time());
        if (minute.second_node) co_await two_.add(serving, time());
        co_await watch::look_around(db_, around_, time() + std::chrono::seconds(30));
        if (minute_ % 60 == 59) co_await watch::condense(db_, time() + std::chrono::seconds(30));
    }
}

Task<std::vector<Seen>> Simulation::incidents() {
    auto work = [&](db::Transaction& tx) -> Task<std::vector<watch::Incident>> {
        co_return co_await watch::list_incidents(tx, true, 200);
    };
    const auto all = co_await db_.transaction(work);
    const auto minute = [&](Time at) {
        return static_cast<int>((at - start_) / std::chrono::minutes(1));
    };
    std::vector<Seen> seen;
    for (auto one = all.rbegin(); one != all.rend(); ++one)
        seen.push_back({one->alarms, one->severity, minute(one->opened_at),
                        one->resolved_at ? minute(*one->resolved_at) : -1, one->level});
    co_return seen;
}

Task<std::vector<std::string>> Simulation::messages() {
    const auto rows = co_await db_.query(
        "SELECT created_at, payload ->> 'event', payload ->> 'level', target FROM alarm_messages "
        "ORDER BY created_at, target");
    std::vector<std::string> all;
    for (const auto row : rows)
        all.push_back(fmt::format("{} {} {} {}",
                                  static_cast<int>((row.get<Time>(0) - start_) / std::chrono::minutes(1)),
                                  row.get<std::string>(1), row.get<std::string>(2), row.get<std::string>(3)));
    co_return all;
}

}  // namespace bb::test
