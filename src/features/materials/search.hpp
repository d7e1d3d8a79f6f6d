#pragma once
#include <string>
#include <vector>

#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/materials/types.hpp"

namespace bb::materials {

namespace vectors {
class Semantics;
}

/// Finds passages of one person's materials by words (BM25, misspellings forgiven), and by meaning where a
/// model says it. Passages that stand behind each other are found as one.
class Search {
public:
    /// `semantics` null: by words alone.
    explicit Search(db::Database& db, vectors::Semantics* semantics = nullptr)
        : db_(db), semantics_(semantics) {}

    /// `materials` empty: all active materials of the owner. At most `limit` passages, for the tutor: without
    /// highlights.
    Task<PassageSearch> passages(UserId owner, std::string question, std::vector<Uuid> materials, int limit);

    /// Whether there is any text that passages() could look into.
    Task<bool> anything(UserId owner, std::vector<Uuid> materials);

    /// `plain` again, with what further words for the same question find: each line is looked for by itself
    /// and has its say beside the question's own words and meaning. `materials` as for `plain`.
    Task<PassageSearch> widened(UserId owner, const PassageSearch& plain, std::vector<std::string> lines,
                                std::vector<Uuid> materials, int limit);

    /// The same for people, with highlights, in all materials of the owner, active or not (or in those of
    /// `materials`).
    Task<PassageSearch> everywhere(UserId owner, std::string question, std::vector<Uuid> materials,
                                   int limit);

private:
    db::Database& db_;
    vectors::Semantics* semantics_;
};

}  // namespace bb::materials
