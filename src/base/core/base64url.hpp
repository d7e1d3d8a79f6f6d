#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace bb::crypto {

/// Unpadded base64url (RFC 4648, section 5).
std::string base64url(std::string_view bytes);

/// The bytes of an unpadded base64url text; nullopt when it is not one.
std::optional<std::string> parse_base64url(std::string_view text);

}  // namespace bb::crypto
