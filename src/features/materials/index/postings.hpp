#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bb::materials::index {

/// One passage of a source that holds a term.
struct Hit {
    std::int32_t ordinal = 0;  // of the passage in its source, from 0
    int times = 1;             // 1 to 8; more counts as 8
    int length = 0;            // terms of the passage; comes back rounded
};

/// Packs hits (ordinals ascending) into printable characters: each is the gap to the ordinal before in groups
/// of five bits, lowest first, the sixth bit saying that more follows, then one character for times and
/// length.
std::string pack(const std::vector<Hit>& hits);

/// Calls `each(Hit)` for every packed hit. Stops at damage instead of reading on.
template <class Each>
void unpack(std::string_view packed, Each&& each);

namespace detail {
constexpr char zero = '0';
constexpr int lengths[8] = {12, 35, 70, 110, 150, 190, 240, 320};
}  // namespace detail

template <class Each>
void unpack(std::string_view packed, Each&& each) {
    std::int32_t ordinal = -1;
    for (std::size_t at = 0; at < packed.size();) {
        std::int32_t gap = 0;
        int shift = 0;
        int digit = 0;
        do {
            if (at == packed.size() || shift > 25) return;
            digit = packed[at++] - detail::zero;
            gap |= (digit & 31) << shift;
            shift += 5;
        } while (digit & 32);
        if (at == packed.size()) return;
        const int measure = packed[at++] - detail::zero;
        ordinal += gap + 1;
        each(Hit{ordinal, (measure & 7) + 1, detail::lengths[(measure >> 3) & 7]});
    }
}

}  // namespace bb::materials::index
