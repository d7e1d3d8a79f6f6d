#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace bb {

/// An e-mail address in its one stored form: trimmed and lower case. Nullopt unless it is a plain
/// `local@domain` within the lengths of RFC 5321 (no quotes, comments, controls or address literals).
std::optional<std::string> parse_address(std::string_view text);

/// What to call a person of whom only the address is known: its local part.
std::string name_from_address(std::string_view address);

}  // namespace bb
