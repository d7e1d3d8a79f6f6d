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

// Each row of the parameters is one trigram of one spelling, with how many of them a term must share.
constexpr const char* alike_sql =
    "SELECT spelling, v.id, v.term, v.passages FROM ("
    "  SELECT spelling, term_id, row_number() OVER (PARTITION BY spelling ORDER BY shared DESC, term_id) AS "
    "place FROM ("
    "    SELECT g.spelling, t.term_id, count(*) AS shared "
    "    FROM unnest($2::int[], $3::int[], $4::int[]) AS g (spelling, trigram, needed) "
    "    JOIN vocabulary_trigrams t ON t.owner_id = $1 AND t.trigram = g.trigram "
    "    GROUP BY g.spelling, t.term_id, g.needed HAVING count(*) >= g.needed) AS counted) AS placed "
    "JOIN vocabulary v ON v.owner_id = $1 AND v.id = placed.term_id AND v.passages > 0 "
    "WHERE place <= 150";

constexpr std::size_t most_corrections = 3;
constexpr std::size_t longest_swapped = 10;  // longer words share enough trigrams all the same
// Of a question; more unknown words than these are no misspellings, but another language or no words at all.
constexpr std::size_t most_corrected = 32;
// Percent of a spelling's trigrams that a term must share.
constexpr int share_of_typed = 35, share_of_swapped = 50;
constexpr double closeness_of_translation = 0.8;

// What a stem has lost. In the way they sound.
constexpr std::string_view endings[] = {"",    "s",    "e",    "es", "ed", "er", "ers",  "ing",
                                        "ion", "ions", "tion", "li", "al", "i",  "ment", "iti"};
constexpr std::size_t shortest_beginning = 5, longest_rest = 6;

/// Edits between a misspelt word and the stem of the one that was meant; `limit + 1` when more.
int edits_between(std::string_view word, std::string_view stem, int limit) {
    int least = edit_distance(word.substr(0, std::max(stem.size(), word.size() - 2)), stem, limit) + 1;
    for (const auto ending : endings) {
        if (!word.ends_with(ending) || word.size() < ending.size() + 3) continue;
        const auto rest = word.substr(0, word.size() - ending.size());
        const int edits = edit_distance(rest, stem, limit);
        if (ending.empty() || edits <= static_cast<int>(rest.size()) / 4) least = std::min(least, edits);
    }
    // Nothing is wrong up to the ending, which may be as long as "utations".
    if (stem.size() >= shortest_beginning && word.starts_with(stem) &&
        word.size() <= stem.size() + longest_rest)
        least = std::min(least, 1);
    return std::min(least, limit + 1);
}

std::vector<MatchedTerm> closest(const std::string& sound, std::vector<MatchedTerm> candidates) {
    const int limit = allowed_edits(sound.size());
    std::vector<std::pair<int, MatchedTerm>> close;
    for (MatchedTerm& term : candidates) {
        const std::string other = sound_of(term.term);
        if (other.empty() || other[0] != sound[0]) continue;  // typing errors seldom hit the first letter
        const int edits = edits_between(sound, other, limit);
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

/// The sound with each two neighbours swapped: "rnage" has hardly a trigram of "range".
std::vector<std::string> swapped(const std::string& sound) {
    std::vector<std::string> spellings;
    for (std::size_t i = 1; i + 1 < sound.size() && sound.size() < longest_swapped; ++i) {
        if (sound[i] == sound[i + 1]) continue;
        spellings.push_back(sound);
        std::swap(spellings.back()[i], spellings.back()[i + 1]);
    }
    return spellings;
}

/// Trigrams to look for, each with the number of its spelling and how many of that a term must share.
struct Wanting {
    std::vector<std::int32_t> spellings, trigrams, needed;
    std::vector<std::size_t> concepts;  // of each spelling

    void add(std::size_t concept_index, const std::string& spelling, int share) {
        const auto grams = trigrams_of(spelling);
        const auto least = std::max(2, static_cast<std::int32_t>(grams.size()) * share / 100);
        for (const std::int32_t gram : grams) {
            spellings.push_back(static_cast<std::int32_t>(concepts.size()));
            trigrams.push_back(gram);
            needed.push_back(least);
        }
        concepts.push_back(concept_index);
    }
};

void add_once(std::vector<MatchedTerm>& terms, MatchedTerm term) {
    const auto same = [&](const MatchedTerm& other) {
        return other.id == term.id;
    };
    if (std::none_of(terms.begin(), terms.end(), same)) terms.push_back(std::move(term));
}

Task<void> correct(db::Database& db, UserId owner, std::vector<Concept>& concepts) {
    pass_over_small_words(concepts);
    Wanting wanting;
    std::size_t unknown = 0;
    for (std::size_t i = 0; i < concepts.size() && unknown < most_corrected; ++i) {
        if (!concepts[i].terms.empty() || concepts[i].asked.everyday) continue;
        const auto sound = sound_of(concepts[i].asked.word);
        if (sound.empty()) continue;
        ++unknown;
        wanting.add(i, sound, share_of_typed);
        for (const auto& spelling : swapped(sound)) wanting.add(i, spelling, share_of_swapped);
    }
    if (wanting.trigrams.empty()) co_return;
    std::map<std::size_t, std::vector<MatchedTerm>> candidates;
    const auto rows =
        co_await db.query(alike_sql, owner, wanting.spellings, wanting.trigrams, wanting.needed);
    for (const auto row : rows) {
        const auto of = wanting.concepts[static_cast<std::size_t>(row.get<std::int32_t>(0))];
        add_once(candidates[of],
                 {row.get<std::int64_t>(1), row.get<std::string>(2), row.get<std::int64_t>(3)});
    }
    for (auto& [of, terms] : candidates)
        concepts[of].terms = closest(sound_of(concepts[of].asked.word), std::move(terms));
}

/// A word to look up, for one concept of the question.
struct Wanted {
    std::size_t concept_index;
    double closeness;
};

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
