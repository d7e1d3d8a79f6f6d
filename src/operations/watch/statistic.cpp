#include "operations/watch/statistic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <numeric>
#include <utility>

namespace bb::watch {
namespace {

using Kind = Statistic::Kind;

constexpr std::pair<std::string_view, Kind> names[] = {
    {"average", Kind::average},          {"sum", Kind::sum},
    {"minimum", Kind::minimum},          {"maximum", Kind::maximum},
    {"samplecount", Kind::sample_count},
};

std::uint64_t all_of(const std::vector<std::uint64_t>& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::optional<double> value_of_histogram(const Found& found, const Period& period,
                                         const Statistic& statistic) {
    const auto all = static_cast<double>(all_of(period.counts));
    if (statistic.kind == Kind::sample_count) return all;
    if (statistic.kind == Kind::sum) return period.sum;
    if (all == 0) return std::nullopt;
    if (statistic.kind == Kind::average) return period.sum / all;
    if (statistic.kind == Kind::percentile)
        return quantile(found.bounds, period.counts, statistic.percentile / 100);
    return std::nullopt;
}

}  // namespace

std::optional<Statistic> Statistic::parse(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const auto& [name, kind] : names)
        if (lower == name) return Statistic{kind, 0};
    double percentile = 0;
    const auto end = lower.data() + lower.size();
    if (lower.size() < 2 || lower[0] != 'p') return std::nullopt;
    const auto read = std::from_chars(lower.data() + 1, end, percentile);
    if (read.ec != std::errc() || read.ptr != end || percentile <= 0 || percentile >= 100)
        return std::nullopt;
    return Statistic{Kind::percentile, percentile};
}

std::string Statistic::name() const {
    for (const auto& [name, one] : names)
        if (one == kind) return std::string(name);
    return fmt::format("p{}", percentile);
}

std::optional<double> value_of(const Found& found, const Period& period, const Statistic& statistic) {
    if (found.kind == "histogram") return value_of_histogram(found, period, statistic);
    switch (statistic.kind) {
        case Kind::average:
            return period.sum / static_cast<double>(period.points);
        case Kind::sum:
            return period.sum;
        case Kind::minimum:
            return period.low;
        case Kind::maximum:
            return period.high;
        case Kind::sample_count:
            return static_cast<double>(period.points);
        case Kind::percentile:
            break;
    }
    return std::nullopt;
}

std::optional<double> quantile(const std::vector<double>& bounds, const std::vector<std::uint64_t>& counts,
                               double share) {
    const auto all = static_cast<double>(all_of(counts));
    if (all == 0 || bounds.empty()) return std::nullopt;
    const double rank = share * all;
    double below = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const auto here = static_cast<double>(counts[i]);
        if (below + here < rank || here == 0) {
            below += here;
            continue;
        }
        if (i >= bounds.size()) break;  // beyond the last bound nothing more is known
        const double from = i == 0 ? std::min(0.0, bounds[0]) : bounds[i - 1];
        return from + (bounds[i] - from) * (rank - below) / here;
    }
    return bounds.back();
}

std::uint64_t observed_within(const std::vector<double>& bounds, const std::vector<std::uint64_t>& counts,
                              double bound) {
    std::uint64_t within = 0;
    for (std::size_t i = 0; i < bounds.size() && i < counts.size() && bounds[i] <= bound; ++i)
        within += counts[i];
    return within;
}

}  // namespace bb::watch
