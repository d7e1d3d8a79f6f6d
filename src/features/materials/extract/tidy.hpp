#pragma once
#include <string>
#include <string_view>

namespace bb::materials::extract {

/// Well-formed UTF-8 with LF lines and no control characters but tabs. A form feed is alone on its line.
std::string tidy(std::string_view text);

/// What a reader gave, as it is kept: tidy, without page breaks and spaces at the end. `printed`: words that
/// were cut at the end of a line are put together.
std::string as_kept(std::string_view text, bool printed);

}  // namespace bb::materials::extract
