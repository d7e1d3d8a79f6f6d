#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/materials/types.hpp"

namespace bb::materials {

/// A material that a search found by what it is called or how it is described.
struct FoundMaterial {
    MaterialId material;
    std::string title;
    std::string description;
    double score = 0;
    std::vector<std::pair<std::int32_t, std::int32_t>> highlights;  // code points in `title`
};

/// The words that a title is looked through for, as they were typed, each once, at most twelve.
std::vector<std::string> title_words(std::string_view query);

/// Where any of the words stands in a title, also within a word, upper or lower case: code points, in order,
/// apart from each other.
std::vector<std::pair<std::int32_t, std::int32_t>> marks_in(std::string_view title,
                                                            const std::vector<std::string>& words);

/// Finds materials of one person, active or not, by their titles and descriptions.
class TitleSearch {
public:
    explicit TitleSearch(db::Database& db) : db_(db) {}
    /// Those that hold every word of the query; the more of a title the words are, the better. At most
    /// `limit`.
    Task<std::vector<FoundMaterial>> materials(UserId owner, std::string query, int limit);

private:
    db::Database& db_;
};

}  // namespace bb::materials
