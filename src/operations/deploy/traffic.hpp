#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace bb::deploy {

/// What a server has answered since it started, as its metrics tell it; without health probes.
struct Traffic {
    double requests = 0;
    double failed = 0;            ///< answered with 500 or more
    double sign_ins = 0;          ///< requests of signing in
    double refused_sign_ins = 0;  ///< of these, answered with 400 to 499
    double urgent = 0;            ///< P0 incidents that began after this server did, and are not over
    /// Requests that took at most so many seconds to their answer.
    std::map<double, double> within;

    double failed_share() const { return requests > 0 ? failed / requests : 0; }
    double refused_share() const { return sign_ins > 0 ? refused_sign_ins / sign_ins : 0; }
    /// Seconds that 95 of 100 requests stay below; nothing: none was answered.
    std::optional<double> p95() const;
};

/// What came in between two looks at one server.
Traffic operator-(const Traffic& later, const Traffic& earlier);

/// Reads the Prometheus text of /api/metrics.
Traffic read_traffic(std::string_view metrics);

/// From when on a new release is worse than the one before.
struct Limits {
    double failed_share = 0.02;  ///< of all requests; and twice that of the one before
    double refused_share = 0.5;  ///< of signing in; and twice that of the one before
    double slower_by = 0.25;     ///< seconds that p95 may be above that of the one before; and twice it
    double least_requests = 20;  ///< below, nothing can be said of shares
    double least_timed = 100;    ///< below, nothing can be said of p95
};

/// Why the new release is worse; nothing: it is not.
std::optional<std::string> judge(const Traffic& now, const Traffic& before, const Limits& limits);

}  // namespace bb::deploy
