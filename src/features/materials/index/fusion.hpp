#pragma once
#include <vector>

#include "features/materials/index/ranking.hpp"

namespace bb::materials::index {

/// A ranking and how much it counts.
struct Vote {
    const std::vector<Ranked>* ranking;
    double weight;
    /// Each passage counts by its score too, between the last one's (next to nothing) and the first one's
    /// (all): for rankings that have a place for every passage, however little it fits.
    bool by_score = false;
};

/// How much the ranking by words counts beside one by meaning that counts 1. `coverage`: how much of the
/// question its first passage holds. Words that cover it are followed; a few words in common say little.
double trust_in_words(double coverage);

/// Makes one ranking of several, best first, by reciprocal ranks (Cormack, Clarke, Buettcher 2009): what
/// stands high in any comes early, what stands high in several comes first. The scores are comparable with
/// each other alone; the concepts are those that the first ranking tells.
std::vector<Ranked> fuse(const std::vector<Vote>& votes);

/// The same of two, the second one by its scores.
std::vector<Ranked> fuse(const std::vector<Ranked>& by_words, const std::vector<Ranked>& by_meaning,
                         double weight_of_words);

}  // namespace bb::materials::index
