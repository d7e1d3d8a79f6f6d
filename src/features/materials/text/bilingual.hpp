#pragma once
#include <string_view>
#include <vector>

namespace bb::materials::text {

/// English words of school for a Filipino one (folded), as a question in Filipino needs them to find a text
/// in English; none for words that it does not know.
std::vector<std::string_view> english_for(std::string_view filipino);

}  // namespace bb::materials::text
