#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/core/utf8.hpp"
#include "features/materials/index/lookup.hpp"
#include "features/materials/text/filipino.hpp"
#include "features/materials/text/words.hpp"

namespace bb::materials::index {
namespace {

constexpr const char* lexemes_sql =
    "SELECT word, (ts_lexize('english_stem', word))[1] = ANY($2::text[]) FROM unnest($1::text[]) AS given "
    "(word)";

/// Decides for words of passages whether they stand for a concept.
class Marker {
public:
    explicit Marker(const Matches& matches) {
        for (const Concept& asked : matches.concepts)
            for (const MatchedTerm& term : asked.terms) {
                terms_.insert(term.term);
                beginnings_.insert(term.term.substr(0, 3));
            }
    }
    std::vector<std::string> terms() const { return {terms_.begin(), terms_.end()}; }

    /// Words that may have one of the terms as their English lexeme: it begins like them.
    void collect(const std::vector<text::Word>& words) {
        for (const text::Word& word : words)
            if (beginnings_.count(word.folded.substr(0, 3)) > 0) open_.insert(word.folded);
    }
    std::vector<std::string> open() const { return {open_.begin(), open_.end()}; }
    void settle(std::string word) { marked_.insert(std::move(word)); }

    bool marks(const std::string& word) const {
        if (marked_.count(word) > 0) return true;
        return !text::is_stop_word(word) && terms_.count(text::filipino_stem(word)) > 0;
    }

private:
    std::unordered_set<std::string> terms_;
    std::unordered_set<std::string> beginnings_;
    std::unordered_set<std::string> open_;
    std::unordered_set<std::string> marked_;
};

void mark(FoundPassage& passage, const std::vector<text::Word>& words, const Marker& marker) {
    const std::string_view text = passage.text;
    std::size_t bytes = 0;
    std::size_t points = 0;
    for (const text::Word& word : words) {
        if (!marker.marks(word.folded)) continue;
        points += utf8::length(text.substr(bytes, word.start - bytes));
        const auto start = static_cast<std::int32_t>(points);
        points += utf8::length(text.substr(word.start, word.end - word.start));
        bytes = word.end;
        passage.highlights.emplace_back(start, static_cast<std::int32_t>(points));
    }
}

}  // namespace

Task<void> highlight(db::Database& db, const Matches& matches, std::vector<FoundPassage>& passages) {
    Marker marker(matches);
    std::vector<std::vector<text::Word>> words;
    for (const FoundPassage& passage : passages) {
        words.push_back(text::words_of(passage.text));
        marker.collect(words.back());
    }
    const auto open = marker.open();
    const auto terms = marker.terms();
    if (!open.empty()) {
        for (const auto row : co_await db.query(lexemes_sql, open, terms))
            if (row.get<std::optional<bool>>(1).value_or(false)) marker.settle(row.get<std::string>(0));
    }
    for (std::size_t i = 0; i < passages.size(); ++i) mark(passages[i], words[i], marker);
}

}  // namespace bb::materials::index
