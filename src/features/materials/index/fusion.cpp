#include "features/materials/index/fusion.hpp"

#include <algorithm>
#include <map>

namespace bb::materials::index {
namespace {

// Less than the 60 of its authors: what one ranking is sure of is not outvoted by what is far down in both.
constexpr double smoothing = 5;
constexpr double least_trust = 0.5, trust_by_coverage = 4.5;

/// Where a score stands between one that comes a step behind the last of its ranking, and the first: 0 to 1.
double share_of_best(const std::vector<Ranked>& ranking, double score) {
    const double first = ranking.front().score, last = ranking.back().score;
    if (first <= last) return 1;
    const double step = (first - last) / static_cast<double>(ranking.size() - 1);
    return (score - last + step) / (first - last + step);
}

}  // namespace

double trust_in_words(double coverage) {
    return least_trust + trust_by_coverage * coverage * coverage;
}

std::vector<Ranked> fuse(const std::vector<Vote>& votes) {
    std::map<Place, Ranked> sums;
    for (const Vote& vote : votes) {
        const bool first = &vote == votes.data();
        double rank = 0;
        for (const Ranked& one : *vote.ranking) {
            Ranked& sum = sums.try_emplace(one.place, Ranked{one.place, 0, 0}).first->second;
            const double share = vote.by_score ? share_of_best(*vote.ranking, one.score) : 1;
            sum.score += vote.weight * share / (smoothing + ++rank);
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
    return fuse({{&by_words, weight_of_words}, {&by_meaning, 1, true}});
}

}  // namespace bb::materials::index
