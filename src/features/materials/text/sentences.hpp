#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "features/materials/text/blocks.hpp"

namespace bb::materials::text {

/// A stretch of a text, in bytes, that a passage does not break.
struct Unit {
    std::size_t start = 0;
    std::size_t end = 0;
    int tokens = 0;
};

/// The sentences of a prose block, or the lines of a code or table block. Abbreviations, initials, decimals
/// and maths between dollars do not end a sentence. Units of more than `max_tokens` are broken at white
/// space.
std::vector<Unit> units_of(std::string_view text, const Block& block, int max_tokens);

}  // namespace bb::materials::text
