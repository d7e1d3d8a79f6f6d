#include "features/materials/index/fusion.hpp"

#include <algorithm>
#include <map>

namespace bb::materials::index {
namespace {

constexpr double smoothing = 60;  // as its authors found good

}  // namespace

std::vector<Ranked> fuse(const std::vector<Ranked>& by_words, const std::vector<Ranked>& by_meaning,
                         double weight_of_words) {
    std::map<Place, Ranked> sums;
    const auto add = [&](const std::vector<Ranked>& ranking, double weight) {
        double rank = 0;
        for (const Ranked& one : ranking) {
            Ranked& sum = sums.try_emplace(one.place, Ranked{one.place, 0, 0}).first->second;
            sum.score += weight / (smoothing + ++rank);
            sum.concepts |= one.concepts;
        }
    };
    add(by_words, weight_of_words);
    add(by_meaning, 1);
    std::vector<Ranked> fused;
    for (const auto& [place, sum] : sums) fused.push_back(sum);
    std::stable_sort(fused.begin(), fused.end(),
                     [](const Ranked& a, const Ranked& b) { return a.score > b.score; });
    return fused;
}

}  // namespace bb::materials::index
