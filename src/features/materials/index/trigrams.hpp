#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bb::materials::index {

/// How a term sounds, roughly, so that "fotosintesis" and "photosynthesis" are alike: ph is f, y is i,
/// doubled letters are one. Empty for terms that are not worth correcting (under four letters, digits, other
/// scripts).
std::string sound_of(std::string_view term);

/// The trigrams of a sound, packed, each once, in ascending order.
std::vector<std::int32_t> trigrams_of(std::string_view sound);

/// Letters to change, insert, delete or swap with a neighbour to make `b` of `a`; `limit + 1` when more.
int edit_distance(std::string_view a, std::string_view b, int limit);

/// How many edits a misspelling of a word of this length may have.
int allowed_edits(std::size_t length);

}  // namespace bb::materials::index
