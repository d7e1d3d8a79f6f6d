#pragma once
#include <optional>
#include <string>

#include "base/core/time.hpp"

namespace bb::cli {

/// "30m", "24h" or "7d" ago, "2026-11-22", or "2026-11-22T20:10:00Z"; nullopt for anything else.
std::optional<Time> parse_since(const std::string& text);

/// What to say of something else, behind the name of the option.
inline constexpr const char* forms_of_since =
    "takes 30m, 24h, 7d, a date or a time like 2026-11-22T20:10:00Z.";

}  // namespace bb::cli
