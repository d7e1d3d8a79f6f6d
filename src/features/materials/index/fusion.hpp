#pragma once
#include <vector>

#include "features/materials/index/ranking.hpp"

namespace bb::materials::index {

/// A ranking and how much it counts.
struct Vote {
    const std::vector<Ranked>* ranking;
    double weight;
};

/// Makes one ranking of several, best first, by reciprocal ranks (Cormack, Clarke, Buettcher 2009): what
/// stands high in any comes early, what stands high in several comes first. The scores are comparable with
/// each other alone; the concepts are those that the first ranking tells.
std::vector<Ranked> fuse(const std::vector<Vote>& votes);

/// The same of two.
std::vector<Ranked> fuse(const std::vector<Ranked>& by_words, const std::vector<Ranked>& by_meaning,
                         double weight_of_words = 1);

}  // namespace bb::materials::index
