#include "features/materials/vectors/quantised.hpp"

#include <algorithm>
#include <cmath>

namespace bb::materials::vectors {
namespace {

// Written so that compilers make vector instructions of it.
[[gnu::always_inline]] inline std::int32_t sum_of_products(const std::int8_t* a, const std::int8_t* b,
                                                           std::size_t size) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < size; ++i)
        sum += static_cast<std::int16_t>(a[i]) * static_cast<std::int16_t>(b[i]);
    return sum;
}

#if defined(__x86_64__)
#define BB_WIDE_VECTORS 1
#if defined(__clang__)
[[gnu::target("avx2")]]
#else
[[gnu::target("avx2"), gnu::optimize("O3")]]
#endif
std::int32_t
dot_avx2(const std::int8_t* a, const std::int8_t* b, std::size_t size) {
    return sum_of_products(a, b, size);
}
#endif

}  // namespace

Quantised quantise(std::span<const float> vector) {
    double square = 0;
    double largest = 0;
    for (const float number : vector) {
        square += static_cast<double>(number) * number;
        largest = std::max(largest, std::abs(static_cast<double>(number)));
    }
    Quantised result;
    result.scale = static_cast<float>(largest / 127 / std::sqrt(square));
    result.numbers.reserve(vector.size());
    for (const float number : vector)
        result.numbers.push_back(static_cast<std::int8_t>(std::lround(number / largest * 127)));
    return result;
}

std::int32_t plain_dot(std::span<const std::int8_t> a, std::span<const std::int8_t> b) {
    return sum_of_products(a.data(), b.data(), a.size());
}

std::optional<std::int32_t> wide_dot(std::span<const std::int8_t> a, std::span<const std::int8_t> b) {
#if defined(BB_WIDE_VECTORS)
    static const bool wide = __builtin_cpu_supports("avx2");
    if (wide) return dot_avx2(a.data(), b.data(), a.size());
#else
    static_cast<void>(a);
    static_cast<void>(b);
#endif
    return std::nullopt;
}

std::int32_t dot(std::span<const std::int8_t> a, std::span<const std::int8_t> b) {
    const auto wide = wide_dot(a, b);
    return wide ? *wide : plain_dot(a, b);
}

}  // namespace bb::materials::vectors
