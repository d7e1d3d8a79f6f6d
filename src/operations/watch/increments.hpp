#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/core/metrics.hpp"

namespace bb::watch {

/// What a series did since it was last looked at: a counter's and a histogram's increase, a gauge's value.
struct Point {
    std::string name;
    metrics::Labels labels;
    metrics::Kind kind = metrics::Kind::gauge;
    double value = 0;
    std::vector<double> bounds;
    std::vector<std::uint64_t> counts;
};

/// Turns snapshots of a registry into increases. What was not accepted is told again: no increase is lost
/// because nobody could write it down.
class Increments {
public:
    /// Everything that changed since the snapshot that was accepted last. Gauges that tell yes or no are
    /// given when they changed, others when `with_gauges`; NaN is no value.
    std::vector<Point> since_accepted(const std::vector<metrics::Sample>& now, bool with_gauges) const;
    void accept(const std::vector<metrics::Sample>& now);

private:
    std::map<std::string, metrics::Sample> accepted_;
};

/// `{"route":"/api/chat"}`, with the names in order.
std::string labels_json(metrics::Labels labels);

}  // namespace bb::watch
