#include "services/access/request_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/config/config.hpp"
#include "services/access/network.hpp"
#include "services/access/refusals.hpp"

namespace bb::access {

config::Rates rates_of(std::string_view text) {
    auto rates = *config::parse_rates(config::find_option("BRAINBYTES_RATE_LIMITS")->standard);
    for (const auto& [name, rate] : *config::parse_rates(text)) rates[name] = rate;
    return rates;
}

RequestLimits::RequestLimits(const config::Rates& rates, metrics::Registry& metrics)
    : kinds_{[&] {
          const auto kind = [&](const char* name, const char* rate_name) {
              const config::Rate& rate = rates.at(rate_name);
              const double window = std::max(1.0, std::ceil(rate.burst / rate.per_second));
              return Kind{name, fmt::format("\"{}\";q={:.0f};w={:.0f}", name, rate.burst, window), rate,
                          refusals(metrics, name)};
          };
          return std::array<Kind, 4>{kind("reading", "person"), kind("writing", "person"),
                                     kind("tutor", "person"), kind("network", "network")};
      }()} {}

RequestLimits::Which RequestLimits::which(const http::Request& request, const http::Route& route) {
    if (!request.principal) return network;
    if (request.method == http::Method::get || request.method == http::Method::head) return reading;
    const std::string_view pattern = route.pattern;
    return pattern == "/api/chat" || pattern == "/api/completion" ? tutoring : writing;
}

std::array<std::uint8_t, 16> RequestLimits::whose(const http::Request& request) {
    if (!request.principal) return network_of(request.peer);
    const auto& key = request.principal->key;
    return key ? key->id.bytes : request.principal->user.bytes;
}

std::optional<http::Response> RequestLimits::refuse(http::Request& request, const http::Route& route) {
    const Which chosen = which(request, route);
    Kind& kind = kinds_[chosen];
    const auto who = whose(request);
    const auto taken = buckets_.take({who, chosen}, kind.rate);
    request.answer_headers.emplace_back("RateLimit-Policy", kind.policy);
    request.answer_headers.emplace_back("RateLimit",
                                        fmt::format("\"{}\";r={};t={}", kind.name, taken.left, taken.reset));
    if (taken.allowed) return std::nullopt;
    kind.refused.add();
    return http::quota_exceeded(kind.name, taken.wait, "Too many requests. Wait a little and try again.",
                                request.id);
}

}  // namespace bb::access
