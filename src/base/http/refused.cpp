#include "base/http/refused.hpp"

namespace bb::http {
namespace {

metrics::Counter counter(metrics::Registry& metrics, const char* reason) {
    return metrics.counter("brainbytes_requests_refused_total", "Requests refused, by what for",
                           {{"reason", reason}});
}

}  // namespace

Refused::Refused(metrics::Registry& metrics)
    : origin_(counter(metrics, "origin")),
      csrf_(counter(metrics, "csrf")),
      rate_limit_(counter(metrics, "rate_limit")),
      too_large_(counter(metrics, "too_large")),
      unauthenticated_(counter(metrics, "unauthenticated")),
      forbidden_(counter(metrics, "forbidden")) {}

void Refused::count(const Request& request, int status, bool other_site) {
    if (status == 401) unauthenticated_.add();
    if (status == 413) too_large_.add();
    if (status == 429) rate_limit_.add();
    if (status != 403) return;
    const bool told_by_browser_alone = request.header("origin").empty();
    auto& cause = !other_site ? forbidden_ : told_by_browser_alone ? csrf_ : origin_;
    cause.add();
}

}  // namespace bb::http
