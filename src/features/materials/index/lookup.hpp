#pragma once
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/db/database.hpp"
#include "features/materials/index/question.hpp"
#include "features/materials/index/ranking.hpp"
#include "features/materials/types.hpp"

namespace bb::materials::index {

/// Which materials a search looks into.
struct Scope {
    std::vector<Uuid> materials;  // empty: all of them
    bool inactive_too = false;    // counts only when `materials` is empty
};

struct Matches {
    std::vector<Concept> concepts;
    Statistics statistics;
};

/// Finds the terms that stand for the words of a question; words that the index does not know are taken for
/// misspellings and get the terms that are spelt or sound alike.
Task<Matches> match_words(db::Database& db, UserId owner, Question question);

/// The passages with the best BM25 scores, at most `count`.
Task<std::vector<Ranked>> rank(db::Database& db, UserId owner, const Matches& matches, Scope scope,
                               std::size_t count);

/// Where a passage lies in its text.
struct Outline {
    Place place;
    std::int32_t start = 0;  // code points
    std::int32_t end = 0;
    std::vector<std::string> heading_path;
    std::optional<std::int32_t> page;
};
/// Of the passages at these places, in any order; those that are gone by now are missing.
Task<std::vector<Outline>> outlines(db::Database& db, UserId owner, const std::vector<Place>& places);

/// Marks in each passage the words that stand for a concept.
Task<void> highlight(db::Database& db, const Matches& matches, std::vector<FoundPassage>& passages);

}  // namespace bb::materials::index
