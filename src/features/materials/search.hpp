#pragma once
#include <string>
#include <vector>

#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/materials/types.hpp"

namespace bb::materials {

/// Finds passages of one person's materials by words (BM25, misspellings forgiven).
class Search {
public:
    explicit Search(db::Database& db) : db_(db) {}

    /// `materials` empty: all active materials of the owner. At most `limit` passages.
    Task<PassageSearch> passages(UserId owner, std::string question, std::vector<Uuid> materials, int limit);

    /// The same in all materials of the owner, active or not (or in those of `materials`).
    Task<PassageSearch> everywhere(UserId owner, std::string question, std::vector<Uuid> materials,
                                   int limit);

private:
    db::Database& db_;
};

}  // namespace bb::materials
