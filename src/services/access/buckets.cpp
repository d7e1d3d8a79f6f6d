#include "services/access/buckets.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/core/crypto.hpp"

namespace bb::access {
namespace {

using Clock = Buckets::Clock;

/// Nobody outside can tell which keys meet in one place.
std::uint64_t seed() {
    static const std::uint64_t value = [] {
        std::uint64_t random = 0;
        crypto::random_fill(reinterpret_cast<char*>(&random), sizeof random);
        return random;
    }();
    return value;
}

Clock::duration duration_of(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

int whole_seconds(Clock::duration time) {
    return static_cast<int>(std::ceil(std::chrono::duration<double>(time).count()));
}

}  // namespace

std::size_t Buckets::Hash::operator()(const Key& key) const noexcept {
    return XXH3_64bits_withSeed(key.who.data(), key.who.size(), seed() + key.kind);
}

Buckets::Taken Buckets::take(const Key& key, const config::Rate& rate, Clock::time_point time) {
    const auto each = duration_of(1 / rate.per_second);
    const auto whole = duration_of(rate.burst / rate.per_second);
    // The low bits choose the place inside a shard.
    Shard& shard = shards_[Hash()(key) >> 60];
    const std::lock_guard lock(shard.mutex);
    auto at = shard.full_at.find(key);
    const auto before = at == shard.full_at.end() ? time : std::max(at->second, time);
    const auto after = before + each;
    if (after - time > whole) {
        const auto wait = after - time - whole;
        return {false, 0, std::max(1, whole_seconds(wait)), whole_seconds(before - time)};
    }
    if (at != shard.full_at.end()) {
        at->second = after;
    } else {
        if (shard.full_at.size() >= shard_capacity_) make_room(shard, time);
        shard.full_at.emplace(key, after);
    }
    return {true, static_cast<int>((whole - (after - time)) / each), 0, whole_seconds(after - time)};
}

std::size_t Buckets::size() const {
    std::size_t all = 0;
    for (const Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        all += shard.full_at.size();
    }
    return all;
}

/// Forgets the full ones; when hardly any is, the eighth that would be full first.
void Buckets::make_room(Shard& shard, Clock::time_point time) {
    const std::size_t enough = shard.full_at.size() - shard.full_at.size() / 8;
    std::erase_if(shard.full_at, [&](const auto& bucket) { return bucket.second <= time; });
    if (shard.full_at.size() < enough) return;
    std::vector<Clock::time_point> moments;
    moments.reserve(shard.full_at.size());
    for (const auto& [key, moment] : shard.full_at) moments.push_back(moment);
    const auto eighth = moments.begin() + static_cast<std::ptrdiff_t>(moments.size() / 8);
    std::nth_element(moments.begin(), eighth, moments.end());
    std::erase_if(shard.full_at, [&](const auto& bucket) { return bucket.second <= *eighth; });
}

}  // namespace bb::access
