#pragma once
#include <string>
#include <string_view>

namespace bb::http {

/// `text` as a gzip stream (RFC 1952), level 1: for answers made per request. Throws std::bad_alloc.
std::string gzip(std::string_view text);

/// True when an Accept-Encoding field allows `coding` (RFC 9110, 12.5.3): named with q above 0, or "*".
bool accepts_coding(std::string_view accept_encoding, std::string_view coding);

}  // namespace bb::http
