#pragma once
#include "base/core/metrics.hpp"
#include "base/http/request.hpp"

namespace bb::http {

/// Counts requests that were refused, by what they were refused for.
class Refused {
public:
    explicit Refused(metrics::Registry& metrics);
    /// Takes note of an answer that may be a refusal. `other_site`: a page of another site sent the request.
    void count(const Request& request, int status, bool other_site);

private:
    metrics::Counter origin_, csrf_, rate_limit_, too_large_, unauthenticated_, forbidden_;
};

}  // namespace bb::http
