#include "features/materials/vectors/nearest.hpp"

#include <algorithm>

#include "features/materials/vectors/quantised.hpp"

namespace bb::materials::vectors {

std::size_t VectorSet::bytes() const {
    return numbers.size() + scales.size() * (sizeof(float) + sizeof(index::Place) + sizeof(std::uint32_t)) +
           materials.size() * sizeof(Uuid);
}

std::vector<index::Ranked> nearest(const VectorSet& set, std::span<const float> question,
                                   const std::vector<Uuid>& allowed, std::size_t count) {
    std::vector<index::Ranked> best;
    if (question.size() != set.dimensions || count == 0) return best;
    std::vector<bool> open;
    for (const Uuid& material : set.materials)
        open.push_back(std::find(allowed.begin(), allowed.end(), material) != allowed.end());
    const Quantised asked = quantise(question);
    const std::span<const std::int8_t> all(set.numbers);
    // The worst of the best on top.
    const auto better = [](const index::Ranked& a, const index::Ranked& b) {
        return a.score != b.score ? a.score > b.score : a.place < b.place;
    };
    for (std::size_t i = 0; i < set.places.size(); ++i) {
        if (!open[set.material_of[i]]) continue;
        const auto product = dot(asked.numbers, all.subspan(i * set.dimensions, set.dimensions));
        const double score = static_cast<double>(product) * asked.scale * set.scales[i];
        if (best.size() == count) {
            if (score <= best.front().score) continue;
            std::pop_heap(best.begin(), best.end(), better);
            best.pop_back();
        }
        best.push_back(index::Ranked{set.places[i], score, 0});
        std::push_heap(best.begin(), best.end(), better);
    }
    std::sort_heap(best.begin(), best.end(), better);
    return best;
}

std::shared_ptr<const VectorSet> VectorCache::find(UserId owner, const std::string& model) {
    const std::lock_guard lock(mutex_);
    const auto it =
        std::find_if(kept_.begin(), kept_.end(), [&](const Kept& one) { return one.owner == owner; });
    if (it == kept_.end() || it->set->model != model) return nullptr;
    std::rotate(it, it + 1, kept_.end());
    return kept_.back().set;
}

void VectorCache::keep(UserId owner, std::shared_ptr<const VectorSet> set) {
    const std::lock_guard lock(mutex_);
    const auto drop = [this](std::vector<Kept>::iterator it) {
        bytes_ -= it->set->bytes();
        kept_.erase(it);
    };
    const auto it =
        std::find_if(kept_.begin(), kept_.end(), [&](const Kept& one) { return one.owner == owner; });
    if (it != kept_.end()) drop(it);
    if (set->bytes() > most_bytes_) return;
    while (bytes_ + set->bytes() > most_bytes_) drop(kept_.begin());
    bytes_ += set->bytes();
    kept_.push_back(Kept{owner, std::move(set)});
}

std::size_t VectorCache::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

}  // namespace bb::materials::vectors
