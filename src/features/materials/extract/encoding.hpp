#pragma once
#include <string>
#include <string_view>

#include "features/materials/extract/fault.hpp"

namespace bb::materials::extract {

/// The UTF-8 of a text file, whose encoding is told by its mark at the start, or else by what it looks like:
/// UTF-8, UTF-16, what guessed_charset() tells, or Windows-1252. Faults: mismatch for what is no text.
Read<std::string> decoded(std::string_view bytes);

/// As decoded(), where a page names its own encoding; what is unknown counts as not named.
Read<std::string> decoded_as(std::string_view charset, std::string_view bytes);

/// Loads what decoded_as() needs for the commonest encodings, which it cannot do once the process is shut in.
void prepare_encodings();

/// The words of one line: white space of all kinds is one space, and none at the ends.
std::string one_line(std::string_view text);

}  // namespace bb::materials::extract
