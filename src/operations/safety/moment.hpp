#pragma once
#include <optional>
#include <string_view>

#include "base/core/time.hpp"

namespace bb::safety {

/// A time as an operator gives it, in any form of RFC 3339: with or without a fraction of a second, in any
/// offset from UTC.
std::optional<Time> parse_moment(std::string_view text);

}  // namespace bb::safety
