#pragma once
#include <string>

#include "base/core/metrics.hpp"

namespace bb::access {

/// Counts what a limit refused.
inline metrics::Counter refusals(metrics::Registry& metrics, std::string_view limit) {
    return metrics.counter("brainbytes_rate_limited_total", "Requests refused because there were too many",
                           {{"limit", std::string(limit)}});
}

}  // namespace bb::access
