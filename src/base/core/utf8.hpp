#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace bb::utf8 {

/// True when `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool valid(std::string_view text);
/// Number of code points. `text` must be valid.
std::size_t length(std::string_view text);
/// Byte offset of code point number `index`, or text.size() when there are fewer.
std::size_t offset_of(std::string_view text, std::size_t index);
/// The first `count` code points.
std::string_view prefix(std::string_view text, std::size_t count);
/// Decodes the code point at byte `at` and moves `at` behind it. `text` must be valid.
char32_t next(std::string_view text, std::size_t& at);
void append(std::string& out, char32_t code_point);
/// True when the text holds NUL, another C0 control (but \t \n \r) or DEL.
bool has_controls(std::string_view text);
/// `text` with U+FFFD in place of every byte that is not part of well-formed UTF-8.
std::string repaired(std::string_view text);
/// Without white space at both ends.
std::string_view trim(std::string_view text);

}  // namespace bb::utf8
