#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/core/crypto.hpp"

namespace bb::accounts {

/// What is stored of a six-digit code. Keyed, because a million codes are tried in no time by whoever
/// holds a copy of the table.
crypto::Digest code_hash(std::string_view secret, std::string_view address, std::string_view code);

/// What is stored of a 256-bit token (session, link); nullopt when `token` has not the form of one.
std::optional<crypto::Digest> token_hash(std::string_view token);

/// A digest from its 64 hexadecimal digits.
std::optional<crypto::Digest> parse_digest(std::string_view hex);

/// The six digits of a code as people type them ("123 456"); nullopt when it is not six digits.
std::optional<std::string> parse_code(std::string_view text);

}  // namespace bb::accounts
