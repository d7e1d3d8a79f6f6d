#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/http/request.hpp"

namespace bb::access {

/// Scheme, host and port of a URL in lower case, the scheme's own port left out; empty when it is not
/// http(s).
std::string origin_of_url(std::string_view url);

/// Why `request` may not change anything, as a sentence; nullopt when it may. Methods that only read may. A
/// request with neither Origin nor Sec-Fetch-Site comes from no browser and may. Any other must come from a
/// page of ours: one under `own_url` (BRAINBYTES_URL) or under the host the request was sent to.
std::optional<std::string> refuse_origin(const http::Request& request, std::string_view own_url);

}  // namespace bb::access
