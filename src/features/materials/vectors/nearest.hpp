#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "features/materials/index/ranking.hpp"
#include "features/materials/types.hpp"

namespace bb::materials::vectors {

/// The vectors of one person's passages, side by side in memory. Never changed once it is shared.
struct VectorSet {
    std::string model;
    std::int64_t changes = 0;  // of the corpus, when they were read
    std::int64_t version = 0;  // of its vectors
    std::chrono::steady_clock::time_point read_at{};
    std::size_t dimensions = 0;
    std::vector<std::int8_t> numbers;  // `dimensions` for each passage
    std::vector<float> scales;
    std::vector<index::Place> places;
    std::vector<std::uint32_t> material_of;  // index into `materials`
    std::vector<Uuid> materials;

    std::size_t bytes() const;
};

/// The `count` passages of `allowed` materials whose vectors point most where `question` does, best first;
/// the score is the cosine. Looks at every one. Empty when the question has other dimensions.
std::vector<index::Ranked> nearest(const VectorSet& set, std::span<const float> question,
                                   const std::vector<Uuid>& allowed, std::size_t count);

/// The sets that were used last, up to a number of bytes in all. For all loops; safe from any thread.
class VectorCache {
public:
    explicit VectorCache(std::size_t most_bytes = std::size_t{256} << 20) : most_bytes_(most_bytes) {}

    /// The set that was kept last, which may be older than the vectors are by now. Null when none of this
    /// model is there.
    std::shared_ptr<const VectorSet> find(UserId owner, const std::string& model);
    /// A set that is larger than the cache is not kept.
    void keep(UserId owner, std::shared_ptr<const VectorSet> set);
    std::size_t bytes() const;

private:
    struct Kept {
        UserId owner;
        std::shared_ptr<const VectorSet> set;
    };
    mutable std::mutex mutex_;
    std::size_t most_bytes_;
    std::size_t bytes_ = 0;
    std::vector<Kept> kept_;  // the one used last at the end
};

}  // namespace bb::materials::vectors
