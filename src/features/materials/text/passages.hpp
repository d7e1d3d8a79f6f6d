#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "features/materials/text/blocks.hpp"
#include "features/materials/text/words.hpp"

namespace bb::materials::text {

/// A stretch of a text that is indexed, found and cited as one.
struct Passage {
    std::vector<std::string> heading_path;  // outermost first
    std::int32_t start = 0;                 // code points
    std::int32_t end = 0;
    // Exactly the code points from start to end; before those that were cut out of a table, its head row.
    std::string text;
    Language language = Language::english;
    int page = 0;  // from 1; 0 in a text without pages
};

/// Bounds in estimated tokens.
struct CutLimits {
    int min = 200;
    int target = 300;
    int max = 400;
};

/// Cuts a text (valid UTF-8) into passages. They follow the headings, begin and end at sentence borders, do
/// not overlap, stand in the order of the text, and stay on one page. What goes on in the middle of a table
/// has the head row of that table in front, or a quarter of a passage of it, and is within the bounds with
/// it. Only a text without any word but white space has none.
std::vector<Passage> cut_passages(std::string_view text, Format format, CutLimits limits = {});

}  // namespace bb::materials::text
