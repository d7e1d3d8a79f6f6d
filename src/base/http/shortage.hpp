#pragma once
#include <exception>
#include <optional>

#include "base/core/error.hpp"

namespace bb::http {

/// What the machine is short of, when that is why this was thrown. The sentence says what became of the
/// request.
std::optional<Error> shortage(const std::exception& failure);

}  // namespace bb::http
