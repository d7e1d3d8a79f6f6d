#include <algorithm>
#include <map>

#include "features/materials/index/lookup.hpp"
#include "features/materials/index/trigrams.hpp"
#include "features/materials/text/bilingual.hpp"
#include "features/materials/text/words.hpp"

namespace bb::materials::index {
namespace {

constexpr const char* match_sql =
    "SELECT a.n::int, v.id, v.term, v.passages, c.passages, c.length "
    "FROM (SELECT stem, n, coalesce((ts_lexize('english_stem', word))[1], '') AS lexeme "
    "      FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS given (word, stem, n)) AS a "
    "LEFT JOIN corpora c ON c.owner_id = $1 "
    "LEFT JOIN vocabulary v ON v.owner_id = $1 AND v.term = ANY (ARRAY[a.lexeme, a.stem]) AND v.passages > 0";

// Each row of the parameters is one trigram of one word, with how many of them a term must share.
constexpr const char* alike_sql =
    "SELECT word, v.id, v.term, v.passages FROM ("
    "  SELECT word, term_id, row_number() OVER (PARTITION BY word ORDER BY shared DESC, term_id) AS place "
    "FROM ("
    "    SELECT g.word, t.term_id, count(*) AS shared "
    "    FROM unnest($2::int[], $3::int[], $4::int[]) AS g (word, trigram, needed) "
    "    JOIN vocabulary_trigrams t ON t.owner_id = $1 AND t.trigram = g.trigram "
    "    GROUP BY g.word, t.term_id, g.needed HAVING count(*) >= g.needed) AS counted) AS placed "
    "JOIN vocabulary v ON v.owner_id = $1 AND v.id = placed.term_id AND v.passages > 0 "
    "WHERE place <= 150";

constexpr std::size_t most_corrections = 3;
constexpr double closeness_of_translation = 0.8;

std::vector<MatchedTerm> closest(const std::string& sound, std::vector<MatchedTerm> candidates) {
    const int limit = allowed_edits(sound.size());
    std::vector<std::pair<int, MatchedTerm>> close;
    for (MatchedTerm& term : candidates) {
        const std::string other = sound_of(term.term);
        if (other.empty() || other[0] != sound[0]) continue;  // typing errors seldom hit the first letter
        // A stem has lost its ending, so the question's word may be longer for free.
        const std::string_view heard =
            std::string_view(sound).substr(0, std::max(other.size(), sound.size() - 2));
        const int edits =
            std::min(edit_distance(sound, other, limit), edit_distance(heard, other, limit) + 1);
        if (edits > limit) continue;
        term.closeness = std::max(0.5, 0.95 - 0.15 * edits);
        close.emplace_back(edits, std::move(term));
    }
    std::stable_sort(close.begin(), close.end(), [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first < b.first : a.second.passages > b.second.passages;
    });
    std::vector<MatchedTerm> best;
    for (auto& [edits, term] : close)
        if (best.size() < most_corrections && edits <= close[0].first + 1) best.push_back(std::move(term));
    return best;
}

/// Unknown words that are small ones, mistyped, say as little as words of everyday life.
void pass_over_small_words(std::vector<Concept>& concepts) {
    for (Concept& asked : concepts)
        if (asked.terms.empty() && text::is_mistyped_small_word(asked.asked.word))
            asked.asked.everyday = true;
}

Task<void> correct(db::Database& db, UserId owner, std::vector<Concept>& concepts) {
    pass_over_small_words(concepts);
    std::vector<std::int32_t> words;
    std::vector<std::int32_t> trigrams;
    std::vector<std::int32_t> needed;
    for (std::size_t i = 0; i < concepts.size(); ++i) {
        if (!concepts[i].terms.empty() || concepts[i].asked.everyday) continue;
        const auto grams = trigrams_of(sound_of(concepts[i].asked.word));
        for (const std::int32_t gram : grams) {
            words.push_back(static_cast<std::int32_t>(i));
            trigrams.push_back(gram);
            needed.push_back(std::max(2, static_cast<std::int32_t>(grams.size()) * 35 / 100));
        }
    }
    if (words.empty()) co_return;
    std::map<std::int32_t, std::vector<MatchedTerm>> candidates;
    for (const auto row : co_await db.query(alike_sql, owner, words, trigrams, needed)) {
        MatchedTerm term{row.get<std::int64_t>(1), row.get<std::string>(2), row.get<std::int64_t>(3)};
        candidates[row.get<std::int32_t>(0)].push_back(std::move(term));
    }
    for (auto& [word, terms] : candidates) {
        Concept& asked = concepts[static_cast<std::size_t>(word)];
        asked.terms = closest(sound_of(asked.asked.word), std::move(terms));
    }
}

/// A word to look up, for one concept of the question.
struct Wanted {
    std::size_t concept_index;
    double closeness;
};

void add_once(std::vector<MatchedTerm>& terms, MatchedTerm term) {
    const auto same = [&](const MatchedTerm& other) {
        return other.id == term.id;
    };
    if (std::none_of(terms.begin(), terms.end(), same)) terms.push_back(std::move(term));
}

}  // namespace

Task<Matches> match_words(db::Database& db, UserId owner, Question question) {
    Matches matches;
    std::vector<std::string_view> words;
    std::vector<std::string_view> stems;
    std::vector<Wanted> wanted;
    for (const AskedWord& asked : question.words) {
        const auto number = matches.concepts.size();
        words.push_back(asked.word);
        stems.push_back(asked.stem);
        wanted.push_back({number, 1});
        for (const auto english : text::english_for(asked.word)) {
            words.push_back(english);
            stems.push_back(english);
            wanted.push_back({number, closeness_of_translation});
        }
        matches.concepts.push_back(Concept{asked, {}});
    }
    for (const auto row : co_await db.query(match_sql, owner, words, stems)) {
        if (!row.is_null(4)) {
            matches.statistics.passages = row.get<std::int64_t>(4);
            matches.statistics.mean_length =
                static_cast<double>(row.get<std::int64_t>(5)) /
                static_cast<double>(std::max<std::int64_t>(matches.statistics.passages, 1));
        }
        if (row.is_null(1)) continue;
        MatchedTerm term{row.get<std::int64_t>(1), row.get<std::string>(2), row.get<std::int64_t>(3)};
        const Wanted& of = wanted[static_cast<std::size_t>(row.get<std::int32_t>(0) - 1)];
        term.closeness = of.closeness;
        add_once(matches.concepts[of.concept_index].terms, std::move(term));
    }
    if (matches.statistics.passages > 0) co_await correct(db, owner, matches.concepts);
    keep_rarest(matches.concepts);
    co_return matches;
}

}  // namespace bb::materials::index
