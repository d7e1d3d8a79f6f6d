#pragma once
#include <optional>
#include <string>

#include "base/core/time.hpp"

namespace bb::cli {

/// "30m", "24h" or "7d" ago, "2026-11-22", or "2026-11-22T20:10:00Z"; nullopt for anything else.
std::optional<Time> parse_since(const std::string& text);

}  // namespace bb::cli
