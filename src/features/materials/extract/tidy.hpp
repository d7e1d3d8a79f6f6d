#pragma once
#include <string>
#include <string_view>

namespace bb::materials::extract {

/// What a reader gave, as it is kept: valid UTF-8 without NUL bytes and other controls, LF lines, page breaks
/// alone on their lines, none at the end. `printed`: words that were cut at the end of a line are put
/// together.
std::string tidied(std::string_view text, bool printed);

}  // namespace bb::materials::extract
