#pragma once
#include <string>
#include <string_view>

namespace bb::materials::text {

/// A root-like form of a Filipino word (folded): affixes and doubled syllables are taken off and o/u and e/i
/// are made one, so that "kumakain", "kakainin" and "kain" meet. It need not be a real root; it need only be
/// the same for forms of one word. Words that are not plain a-z come back unchanged.
std::string filipino_stem(std::string_view folded);

}  // namespace bb::materials::text
