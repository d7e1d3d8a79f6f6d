#pragma once
#include <array>
#include <deque>

#include "base/core/metrics.hpp"

namespace bb::app {

/// How often each feature was used in the last 24 hours, or since the process began: the answered requests to
/// its routes, as the server counts them anyway. One reading a minute.
class UseReadings {
public:
    static constexpr std::size_t features = 8;
    static constexpr int readings_an_hour = 60;

    explicit UseReadings(metrics::Registry& metrics);
    void read();

private:
    using Counts = std::array<double, features>;
    Counts count() const;

    metrics::Registry& metrics_;
    std::vector<metrics::Gauge> gauges_;
    std::deque<Counts> hours_{Counts{}};  // as each of the last 24 hours began, oldest first
    int readings_ = 0;
};

}  // namespace bb::app
