#include "features/materials/index/ranking.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cmath>

#include "features/materials/index/postings.hpp"

namespace bb::materials::index {
namespace {

constexpr double k1 = 1.2;
constexpr double b = 0.6;
constexpr double share_of_neighbour = 0.2;

struct Sum {
    float score = 0;
    std::uint32_t concepts = 0;
};

std::uint64_t key_of(const Place& place) {
    return static_cast<std::uint64_t>(place.source) << 24 | static_cast<std::uint32_t>(place.ordinal);
}

bool is_better(const Ranked& left, const Ranked& right) {
    return left.score != right.score ? left.score > right.score : left.place < right.place;
}

}  // namespace

struct Ranking::Impl {
    boost::unordered_flat_map<std::uint64_t, Sum> sums;

    double score_at(std::int64_t source, std::int32_t ordinal) const {
        if (ordinal < 0) return 0;
        const auto found = sums.find(key_of(Place{source, ordinal}));
        return found == sums.end() ? 0 : found->second.score;
    }
};

double rarity(const Statistics& statistics, std::int64_t found) {
    const double all = static_cast<double>(std::max(statistics.passages, found));
    const double some = static_cast<double>(found);
    return std::log(1 + (all - some + 0.5) / (some + 0.5));
}

Ranking::Ranking(Statistics statistics) : statistics_(statistics), impl_(std::make_unique<Impl>()) {}
Ranking::~Ranking() = default;

void Ranking::add(std::int64_t source, std::string_view hits, int concept_index, double weight) {
    const double mean = std::max(statistics_.mean_length, 1.0);
    unpack(hits, [&](const Hit& hit) {
        const double long_one = k1 * (1 - b + b * hit.length / mean);
        const double score = weight * hit.times * (k1 + 1) / (hit.times + long_one);
        Sum& sum = impl_->sums[key_of(Place{source, hit.ordinal})];
        sum.score += static_cast<float>(score);
        sum.concepts |= std::uint32_t{1} << concept_index;
    });
}

std::vector<Ranked> Ranking::best(std::size_t count) const {
    std::vector<Ranked> all;
    all.reserve(impl_->sums.size());
    for (const auto& [key, sum] : impl_->sums) {
        const Place place{static_cast<std::int64_t>(key >> 24), static_cast<std::int32_t>(key & 0xffffff)};
        all.push_back(Ranked{place, sum.score, sum.concepts});
    }
    count = std::min(count, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(), is_better);
    all.resize(count);
    // What stands in the midst of its topic is nearer to it than what names it in passing.
    for (Ranked& one : all) {
        const auto& [source, ordinal] = one.place;
        one.score += share_of_neighbour *
                     std::max(impl_->score_at(source, ordinal - 1), impl_->score_at(source, ordinal + 1));
    }
    std::sort(all.begin(), all.end(), is_better);
    return all;
}

}  // namespace bb::materials::index
