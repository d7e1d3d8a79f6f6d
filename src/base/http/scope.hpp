#pragma once
#include <optional>

#include "base/http/router.hpp"

namespace bb::http {

/// Why the API key of a request may not do what it asks for; nullopt when it may, or there is none. The one
/// place that knows what scopes mean: "write" reads as well.
std::optional<Error> refuse_key(const Request& request, const Route& route);

}  // namespace bb::http
