#include "operations/deploy/traffic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace bb::deploy {
namespace {

constexpr std::string_view counter = "brainbytes_http_requests_total{";
constexpr std::string_view bucket = "brainbytes_http_request_duration_seconds_bucket{";
constexpr std::string_view urgent = "brainbytes_urgent_incidents ";
constexpr std::string_view probes[] = {"/livez", "/readyz", "/api/health", "/api/metrics", "maintenance"};

std::string label(std::string_view line, std::string_view name) {
    const auto mark = std::string(name) + "=\"";
    const auto at = line.find(mark);
    if (at == std::string_view::npos) return {};
    const auto start = at + mark.size();
    return std::string(line.substr(start, line.find('"', start) - start));
}

double value_of(std::string_view line) {
    const auto end = line.find("} ");
    return end == std::string_view::npos ? 0
                                         : std::strtod(std::string(line.substr(end + 2)).c_str(), nullptr);
}

void count(Traffic& traffic, std::string_view line, const std::string& route) {
    const int status = std::atoi(label(line, "status").c_str());
    const double requests = value_of(line);
    traffic.requests += requests;
    if (status >= 500) traffic.failed += requests;
    if (!route.starts_with("/api/auth/")) return;
    traffic.sign_ins += requests;
    if (status >= 400 && status < 500) traffic.refused_sign_ins += requests;
}

}  // namespace

std::optional<double> Traffic::p95() const {
    if (within.empty() || within.rbegin()->second <= 0) return std::nullopt;
    const double wanted = within.rbegin()->second * 0.95;
    double below = 0, lower = 0;
    for (const auto& [upper, requests] : within) {
        if (requests >= wanted && std::isinf(upper)) return lower;
        if (requests >= wanted) return lower + (upper - lower) * (wanted - below) / (requests - below);
        below = requests;
        lower = upper;
    }
    return lower;
}

Traffic operator-(const Traffic& later, const Traffic& earlier) {
    auto between = later;
    between.requests -= earlier.requests;
    between.failed -= earlier.failed;
    between.sign_ins -= earlier.sign_ins;
    between.refused_sign_ins -= earlier.refused_sign_ins;
    for (const auto& [upper, requests] : earlier.within) between.within[upper] -= requests;
    return between;
}

Traffic read_traffic(std::string_view metrics) {
    Traffic traffic;
    while (!metrics.empty()) {
        const auto end = std::min(metrics.find('\n'), metrics.size());
        const auto line = metrics.substr(0, end);
        metrics.remove_prefix(std::min(end + 1, metrics.size()));
        if (line.starts_with(urgent))
            traffic.urgent = std::strtod(std::string(line.substr(urgent.size())).c_str(), nullptr);
        const bool counts = line.starts_with(counter);
        if (!counts && !line.starts_with(bucket)) continue;
        const auto route = label(line, "route");
        if (std::find(std::begin(probes), std::end(probes), route) != std::end(probes)) continue;
        if (counts) {
            count(traffic, line, route);
            continue;
        }
        const auto upper = label(line, "le");
        traffic
            .within[upper == "+Inf" ? std::numeric_limits<double>::infinity() : std::atof(upper.c_str())] +=
            value_of(line);
    }
    return traffic;
}

std::optional<std::string> judge(const Traffic& now, const Traffic& before, const Limits& limits) {
    if (now.urgent > 0) return "an incident of severity P0 began: the matrix says to go back at once";
    const double failed = std::max(limits.failed_share, 2 * before.failed_share());
    if (now.requests >= limits.least_requests && now.failed_share() > failed)
        return fmt::format("{:.1f} % of {:.0f} requests failed (before: {:.1f} %)", 100 * now.failed_share(),
                           now.requests, 100 * before.failed_share());
    const double refused = std::max(limits.refused_share, 2 * before.refused_share());
    if (now.sign_ins >= limits.least_requests && now.refused_share() > refused)
        return fmt::format("{:.1f} % of {:.0f} sign-ins were refused (before: {:.1f} %)",
                           100 * now.refused_share(), now.sign_ins, 100 * before.refused_share());
    const auto slow = now.p95(), slow_before = before.p95();
    if (now.requests < limits.least_timed || !slow || !slow_before) return std::nullopt;
    if (*slow > std::max(*slow_before + limits.slower_by, 2 * *slow_before))
        return fmt::format("95 of 100 requests take up to {:.0f} ms (before: {:.0f} ms)", 1000 * *slow,
                           1000 * *slow_before);
    return std::nullopt;
}

}  // namespace bb::deploy
