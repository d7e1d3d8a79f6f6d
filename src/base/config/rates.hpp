#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/core/error.hpp"

namespace bb::config {

/// A bucket of tokens: so many at once, and so many come back.
struct Rate {
    double burst = 0;       // 1 to 1,000,000
    double per_second = 0;  // above 0

    bool operator==(const Rate&) const = default;
};

using Rates = std::map<std::string, Rate, std::less<>>;

/// Reads "person=120+5/s,network=240+10/s" (s, m or h: per second, minute or hour). Errors: invalid_input,
/// with what it must be like.
Result<Rates> parse_rates(std::string_view text);

}  // namespace bb::config
