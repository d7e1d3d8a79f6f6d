#pragma once
#include <string>
#include <string_view>

namespace bb::materials::text {

/// Appends `code_point` in lower case and without accents ("É" gives "e", "ß" gives "ss", "₂" gives "2").
/// Combining marks vanish. Letters of scripts without a rule here are appended as they are.
void append_folded(std::string& out, char32_t code_point);

/// Folds a whole text. `text` must be UTF-8.
std::string folded(std::string_view text);

/// Lower case with accents kept and white space reduced to single spaces: what makes two names the same.
std::string name_key(std::string_view name);

}  // namespace bb::materials::text
