#pragma once
#include <string_view>

namespace bb::http {

/// "fil" when an Accept-Language field (RFC 9110, 12.5.4) wants Filipino or Tagalog more than English, else
/// "en". Of two that are wanted as much the first one counts; what is no weight is not wanted.
std::string_view language_of(std::string_view accept_language);

}  // namespace bb::http
