#include "features/materials/index/fusion.hpp"

#include <algorithm>
#include <map>

namespace bb::materials::index {
namespace {

// Less than the 60 of its authors: what one ranking is sure of is not outvoted by what is far down in both.
constexpr double smoothing = 10;

}  // namespace

std::vector<Ranked> fuse(const std::vector<Vote>& votes) {
    std::map<Place, Ranked> sums;
    for (const Vote& vote : votes) {
        const bool first = &vote == votes.data();
        double rank = 0;
        for (const Ranked& one : *vote.ranking) {
            Ranked& sum = sums.try_emplace(one.place, Ranked{one.place, 0, 0}).first->second;
            sum.score += vote.weight / (smoothing + ++rank);
            if (first) sum.concepts = one.concepts;
        }
    }
    std::vector<Ranked> fused;
    for (const auto& [place, sum] : sums) fused.push_back(sum);
    std::stable_sort(fused.begin(), fused.end(),
                     [](const Ranked& a, const Ranked& b) { return a.score > b.score; });
    return fused;
}

std::vector<Ranked> fuse(const std::vector<Ranked>& by_words, const std::vector<Ranked>& by_meaning,
                         double weight_of_words) {
    return fuse({{&by_words, weight_of_words}, {&by_meaning, 1}});
}

}  // namespace bb::materials::index
