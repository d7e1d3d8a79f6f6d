#include "features/materials/titles.hpp"

#include <algorithm>

#include "base/core/utf8.hpp"
#include "features/materials/text/fold.hpp"
#include "features/materials/text/words.hpp"

namespace bb::materials {
namespace {

constexpr std::size_t most_words = 12;

// Not while it is half a copy.
constexpr const char* titled_sql =
    "SELECT m.id, m.title, m.description, greatest(0.1, least(1, "
    "(SELECT coalesce(sum(length(w)), 0) FROM unnest($2::text[]) w "
    " WHERE strpos(lower(m.title), lower(w)) > 0)::float8 / greatest(1, length(m.title)))) AS score "
    "FROM materials m "
    "LEFT JOIN material_origins c ON c.owner_id = m.owner_id AND c.material_id = m.id "
    "WHERE m.owner_id = $1 AND m.deleted_at IS NULL "
    "AND (c.material_id IS NULL OR c.finished_at IS NOT NULL) "
    "AND NOT EXISTS (SELECT FROM unnest($2::text[]) w "
    " WHERE strpos(lower(m.title), lower(w)) = 0 AND strpos(lower(m.description), lower(w)) = 0) "
    "ORDER BY score DESC, m.updated_at DESC, m.id DESC LIMIT $3";

/// A folded text, and which code point of the text each of its bytes comes from.
struct Folded {
    std::string text;
    std::vector<std::size_t> points;
    std::size_t length = 0;  // code points
};

Folded fold(std::string_view title) {
    Folded folded;
    for (std::size_t at = 0; at < title.size(); ++folded.length) {
        text::append_folded(folded.text, utf8::next(title, at));
        folded.points.resize(folded.text.size(), folded.length);
    }
    return folded;
}

void mark(std::vector<bool>& marked, const Folded& title, const std::string& word) {
    if (word.empty()) return;
    for (auto at = title.text.find(word); at != std::string::npos; at = title.text.find(word, at + 1))
        for (auto byte = at; byte < at + word.size(); ++byte) marked[title.points[byte]] = true;
}

}  // namespace

std::vector<std::string> title_words(std::string_view query) {
    std::vector<std::string> words;
    for (const text::Word& one : text::words_of(query)) {
        std::string word(query.substr(one.start, one.end - one.start));
        if (words.size() == most_words) break;
        if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(std::move(word));
    }
    return words;
}

std::vector<std::pair<std::int32_t, std::int32_t>> marks_in(std::string_view title,
                                                            const std::vector<std::string>& words) {
    const Folded folded = fold(title);
    std::vector<bool> marked(folded.length + 1);
    for (const auto& word : words) mark(marked, folded, text::folded(word));
    std::vector<std::pair<std::int32_t, std::int32_t>> marks;
    for (std::size_t at = 0; at < folded.length; ++at) {
        if (!marked[at]) continue;
        const auto start = static_cast<std::int32_t>(at);
        while (marked[at]) ++at;
        marks.emplace_back(start, static_cast<std::int32_t>(at));
    }
    return marks;
}

Task<std::vector<FoundMaterial>> TitleSearch::materials(UserId owner, std::string query, int limit) {
    const auto words = title_words(query);
    std::vector<FoundMaterial> found;
    if (words.empty()) co_return found;
    const auto rows = co_await db_.query(titled_sql, owner, words, limit);
    for (const auto row : rows) {
        FoundMaterial material;
        material.material = row.get<MaterialId>(0);
        material.title = row.get<std::string>(1);
        material.description = row.get<std::string>(2);
        material.score = row.get<double>(3);
        material.highlights = marks_in(material.title, words);
        found.push_back(std::move(material));
    }
    co_return found;
}

}  // namespace bb::materials
