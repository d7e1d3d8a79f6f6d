#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/core/crypto.hpp"
#include "features/materials/text/passages.hpp"

namespace bb::materials::index {

/// A heading path as one text, with U+001F between headings.
std::string joined_path(const std::vector<std::string>& path);

/// What makes a passage the same as one of before: its text, headings and page, wherever it stands.
crypto::Digest fingerprint(const text::Passage& passage);

/// A passage of a source as it is in the index.
struct StoredPassage {
    std::int64_t id = 0;
    std::int32_t ordinal = 0;
    crypto::Digest fingerprint{};
};

/// What becomes of the passages of a source whose text is another now.
struct Renewal {
    struct Kept {
        std::int64_t id = 0;
        std::int32_t before = 0;  // its ordinal
        std::int32_t now = 0;
    };
    std::vector<Kept> kept;
    std::vector<std::int64_t> gone;   // ids
    std::vector<std::int32_t> fresh;  // ordinals
};

/// Finds the passages that stay. `now` has the fingerprints of the new ones in their order; of several that
/// say the same, the first is taken for the first of before.
Renewal renewal_of(std::vector<StoredPassage> before, const std::vector<crypto::Digest>& now);

}  // namespace bb::materials::index
