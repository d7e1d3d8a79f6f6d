#pragma once
#include <optional>

#include "base/http/request.hpp"

namespace bb::http {

/// Fills path and query from the target. Errors: malformed.
std::optional<Error> split_target(Request& request);

}  // namespace bb::http
