#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace bb::materials::vectors {

/// A vector of length 1 in a byte for each number: number i is numbers[i] * scale, off by at most half a
/// scale.
struct Quantised {
    std::vector<std::int8_t> numbers;
    float scale = 0;
};

/// Keeps the direction of `vector` alone. It must not be all zeros.
Quantised quantise(std::span<const float> vector);

/// The sum of products, in the way that is fastest here. Both have the same size, at most 65,536.
std::int32_t dot(std::span<const std::int8_t> a, std::span<const std::int8_t> b);
/// The same with what every processor can do.
std::int32_t plain_dot(std::span<const std::int8_t> a, std::span<const std::int8_t> b);
/// The same with wide instructions; nullopt where there are none.
std::optional<std::int32_t> wide_dot(std::span<const std::int8_t> a, std::span<const std::int8_t> b);

}  // namespace bb::materials::vectors
