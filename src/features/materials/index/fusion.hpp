#pragma once
#include <vector>

#include "features/materials/index/ranking.hpp"

namespace bb::materials::index {

/// Makes one ranking of two, best first, by reciprocal ranks (Cormack, Clarke, Buettcher 2009): what stands
/// high in either comes early, what stands high in both comes first. The scores are comparable with each
/// other alone; the concepts are those that `by_words` tells.
std::vector<Ranked> fuse(const std::vector<Ranked>& by_words, const std::vector<Ranked>& by_meaning,
                         double weight_of_words = 1);

}  // namespace bb::materials::index
