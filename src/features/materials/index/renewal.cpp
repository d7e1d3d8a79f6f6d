#include "features/materials/index/renewal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace bb::materials::index {

std::string joined_path(const std::vector<std::string>& path) {
    std::string joined;
    for (const auto& heading : path) {
        if (!joined.empty()) joined += '\x1f';
        joined += heading;
    }
    return joined;
}

// The same as stored_passages_sql makes of a row.
crypto::Digest fingerprint(const text::Passage& passage) {
    const auto path = joined_path(passage.heading_path);
    return crypto::sha256(fmt::format("{}:{}:{}{}", passage.page, path.size(), path, passage.text));
}

Renewal renewal_of(std::vector<StoredPassage> before, const std::vector<crypto::Digest>& now) {
    std::sort(before.begin(), before.end(),
              [](const StoredPassage& a, const StoredPassage& b) { return a.ordinal < b.ordinal; });
    std::multimap<crypto::Digest, StoredPassage> left;  // equal ones stay in their order
    for (const StoredPassage& one : before) left.emplace(one.fingerprint, one);
    Renewal renewal;
    for (std::size_t i = 0; i < now.size(); ++i) {
        const auto ordinal = static_cast<std::int32_t>(i);
        const auto same = left.lower_bound(now[i]);
        if (same == left.end() || same->first != now[i]) {
            renewal.fresh.push_back(ordinal);
            continue;
        }
        renewal.kept.push_back({same->second.id, same->second.ordinal, ordinal});
        left.erase(same);
    }
    for (const auto& [print, one] : left) renewal.gone.push_back(one.id);
    return renewal;
}

}  // namespace bb::materials::index
