#include "features/materials/index/postings.hpp"

#include <algorithm>

namespace bb::materials::index {
namespace {

int length_class(int length) {
    constexpr int bounds[7] = {24, 50, 90, 130, 170, 215, 280};
    return static_cast<int>(std::upper_bound(bounds, bounds + 7, length) - bounds);
}

}  // namespace

std::string pack(const std::vector<Hit>& hits) {
    std::string out;
    out.reserve(hits.size() * 2);
    std::int32_t last = -1;
    for (const Hit& hit : hits) {
        std::uint32_t gap = static_cast<std::uint32_t>(hit.ordinal - last - 1);
        last = hit.ordinal;
        do {
            out += static_cast<char>(detail::zero + static_cast<int>(gap & 31) + (gap > 31 ? 32 : 0));
            gap >>= 5;
        } while (gap > 0);
        const int measure = (std::clamp(hit.times, 1, 8) - 1) | length_class(hit.length) << 3;
        out += static_cast<char>(detail::zero + measure);
    }
    return out;
}

}  // namespace bb::materials::index
