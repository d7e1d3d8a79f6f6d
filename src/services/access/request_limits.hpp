#pragma once
#include <array>
#include <optional>
#include <string>

#include "base/core/metrics.hpp"
#include "base/http/router.hpp"
#include "services/access/buckets.hpp"

namespace bb::access {

/// Every limit by its name: the defaults of BRAINBYTES_RATE_LIMITS, changed by what `text` says (checked by
/// base/config).
config::Rates rates_of(std::string_view text);

/// How often a person, or the network of people who are not signed in, may ask this process. People have a
/// bucket for each kind of request: reading, writing, and asking the tutor. Each of their API keys has
/// buckets of its own, so that a program that runs wild does not shut its person out. One for all loops.
class RequestLimits {
public:
    RequestLimits(const config::Rates& rates, metrics::Registry& metrics);

    /// Takes a token for `request`, whose principal is known, and tells it what is left (RateLimit fields).
    /// The answer when there was none.
    std::optional<http::Response> refuse(http::Request& request, const http::Route& route);

private:
    struct Kind {
        std::string name;    // as in RateLimit-Policy
        std::string policy;  // the whole field
        config::Rate rate;
        metrics::Counter refused;
    };
    enum Which : std::uint8_t { reading, writing, tutoring, network };

    static Which which(const http::Request& request, const http::Route& route);
    static std::array<std::uint8_t, 16> whose(const http::Request& request);

    std::array<Kind, 4> kinds_;
    Buckets buckets_;
};

}  // namespace bb::access
