#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "operations/watch/history.hpp"

namespace bb::watch {

/// What is made of the points of a period. Named as CloudWatch names them, in any case.
struct Statistic {
    enum class Kind { average, sum, minimum, maximum, sample_count, percentile };
    Kind kind = Kind::average;
    double percentile = 0;  ///< of a histogram: 95 for "p95"

    /// "average", "sum", "minimum", "maximum", "samplecount", "p50" to "p99.9".
    static std::optional<Statistic> parse(std::string_view text);
    /// The same in lower case.
    std::string name() const;
};

/// The value of one period; nullopt: this kind of metric has no such statistic, or nothing was observed.
std::optional<double> value_of(const Found& found, const Period& period, const Statistic& statistic);

/// The value below which `share` (0 to 1) of what a histogram observed lies, evenly spread within a bucket,
/// as Prometheus's histogram_quantile() gives it. Nullopt: nothing was observed.
std::optional<double> quantile(const std::vector<double>& bounds, const std::vector<std::uint64_t>& counts,
                               double share);

/// How many of the observed are at most `bound`, which should be one of the bounds.
std::uint64_t observed_within(const std::vector<double>& bounds, const std::vector<std::uint64_t>& counts,
                              double bound);

}  // namespace bb::watch
