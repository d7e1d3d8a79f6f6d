#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "features/materials/index/lookup.hpp"

namespace bb::materials::index {

/// Passages of one source that stand behind each other and are given as one.
struct Stretch {
    Place first;
    std::int32_t count = 1;
    std::int32_t start = 0;  // code points of its text
    std::int32_t end = 0;
    double score = 0;
    std::uint32_t concepts = 0;
    bool alone = false;  // is joined with nothing

    Place last() const { return {first.source, first.ordinal + count - 1}; }
};

/// The places of `ranked` and those right before and behind each, in their order.
std::vector<Place> with_neighbours(const std::vector<Ranked>& ranked);

/// Joins passages of `ranked` (best first) with neighbours under the same heading and on the same page: with
/// those that were found too, and, while they are short, with those that were not. At most `limit` stretches;
/// each stands where its best passage stood, but from the fifth of one source on behind those of others. Of
/// more than ten only the ten that are found first are joined: reading each goes through its whole text. No
/// passage is in two; those that are not in `outlines` are left out.
std::vector<Stretch> join_passages(const std::vector<Ranked>& ranked, const std::vector<Outline>& outlines,
                                   std::size_t limit);

/// Each stretch as one passage, with the very text that stands there, and the head of its table in front
/// where the first has it. The id is that of its first passage. Those that are gone by now are left out.
Task<std::vector<FoundPassage>> read_stretches(db::Database& db, UserId owner,
                                               const std::vector<Stretch>& stretches);

}  // namespace bb::materials::index
