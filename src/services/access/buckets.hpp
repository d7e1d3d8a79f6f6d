#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "base/config/rates.hpp"

namespace bb::access {

/// Token buckets in memory, shared by all loops of a process. Safe from any thread. A bucket is kept as the
/// one moment at which it is full again, so full ones need no memory.
class Buckets {
public:
    using Clock = std::chrono::steady_clock;

    /// Whose bucket: a person or a network, and for which kind of request.
    struct Key {
        std::array<std::uint8_t, 16> who{};
        std::uint8_t kind = 0;
        bool operator==(const Key&) const = default;
    };

    struct Taken {
        bool allowed = false;
        int left = 0;   // tokens
        int wait = 0;   // seconds until there is one; 0 when allowed
        int reset = 0;  // seconds until the bucket is full
    };

    /// `capacity`: buckets at most, about. Beyond that the ones that are fullest are forgotten.
    explicit Buckets(std::size_t capacity = 1 << 16) : shard_capacity_(capacity / shard_count + 1) {}

    /// Takes a token.
    Taken take(const Key& key, const config::Rate& rate, Clock::time_point time = Clock::now());
    std::size_t size() const;

private:
    static constexpr std::size_t shard_count = 16;
    struct Hash {
        std::size_t operator()(const Key& key) const noexcept;
    };
    struct Shard {
        mutable std::mutex mutex;
        std::unordered_map<Key, Clock::time_point, Hash> full_at;
    };
    static void make_room(Shard& shard, Clock::time_point time);

    std::array<Shard, shard_count> shards_;
    std::size_t shard_capacity_;
};

}  // namespace bb::access
