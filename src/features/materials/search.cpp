#include "features/materials/search.hpp"

#include <algorithm>

#include "features/materials/index/fusion.hpp"
#include "features/materials/index/joining.hpp"
#include "features/materials/index/lookup.hpp"
#include "features/materials/vectors/semantics.hpp"

namespace bb::materials {

/// What the words of a question, or further words for it, find.
struct WordRanks {
    index::Matches matches;
    std::vector<index::Ranked> ranked;
    bool answerable = false;
    double trust = index::trust_in_words(0);
};

struct SearchRanks {
    WordRanks by_words;
    std::vector<index::Ranked> by_meaning;
};

namespace {

using index::Matches;
using index::Ranked;

constexpr std::size_t contenders = 50;  // by words, and as many by meaning

constexpr const char* anything_sql =
    "SELECT EXISTS (SELECT FROM sources s "
    "JOIN materials m ON m.owner_id = $1 AND m.id = s.material_id AND m.deleted_at IS NULL "
    "WHERE s.owner_id = $1 AND CASE WHEN cardinality($2::uuid[]) > 0 THEN m.id = ANY($2) ELSE m.active END)";

/// Sorts by score times how much of the question is covered, and keeps the best.
void sort_by_coverage(std::vector<Ranked>& ranked, const index::Coverage& coverage, std::size_t limit) {
    for (Ranked& one : ranked) one.score *= 0.4 + 0.6 * coverage.of(one.concepts);
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const Ranked& a, const Ranked& b) { return a.score > b.score; });
    if (ranked.size() > limit) ranked.resize(limit);
}

bool judge(const index::Question& question, const std::vector<Ranked>& by_words,
           const index::Coverage& coverage) {
    if (question.only_chatter) return false;
    std::vector<std::uint32_t> held;
    for (const Ranked& one : by_words) held.push_back(one.concepts);
    return index::can_answer(held, coverage);
}

Task<WordRanks> look_by_words(db::Database& db, UserId owner, index::Question question, index::Scope scope) {
    WordRanks found;
    if (!question.words.empty()) {
        found.matches = co_await index::match_words(db, owner, question);
        found.ranked = co_await index::rank(db, owner, found.matches, std::move(scope), contenders);
    }
    const index::Coverage coverage(found.matches.concepts, found.matches.statistics);
    sort_by_coverage(found.ranked, coverage, contenders);
    found.answerable = judge(question, found.ranked, coverage);
    if (!found.ranked.empty()) found.trust = index::trust_in_words(coverage.of(found.ranked[0].concepts));
    co_return found;
}

Task<std::vector<FoundPassage>> read_best(db::Database& db, UserId owner, std::vector<Ranked> ranked,
                                          int limit) {
    const auto looked_at = static_cast<std::size_t>(limit) * 2;
    if (ranked.size() > looked_at) ranked.resize(looked_at);
    if (ranked.empty()) co_return std::vector<FoundPassage>();
    const auto outlines = co_await index::outlines(db, owner, index::with_neighbours(ranked));
    const auto stretches = index::join_passages(ranked, outlines, static_cast<std::size_t>(limit));
    co_return co_await index::read_stretches(db, owner, stretches);
}

Task<PassageSearch> find(db::Database& db, vectors::Semantics* semantics, UserId owner, std::string words,
                         index::Scope scope, int limit) {
    auto ranks = std::make_shared<SearchRanks>();
    auto question = index::read_question(words);
    auto& by_meaning = ranks->by_meaning;
    if (semantics) by_meaning = co_await semantics->nearest(owner, std::move(words), scope, contenders);
    auto& by_words = ranks->by_words;
    by_words = co_await look_by_words(db, owner, std::move(question), std::move(scope));
    auto ranked =
        by_meaning.empty() ? by_words.ranked : index::fuse(by_words.ranked, by_meaning, by_words.trust);
    PassageSearch result;
    result.answerable = by_words.answerable;
    result.passages = co_await read_best(db, owner, std::move(ranked), limit);
    result.by_meaning = !by_meaning.empty() && !result.passages.empty();
    result.ranks = std::move(ranks);
    co_return result;
}

}  // namespace

Task<PassageSearch> Search::passages(UserId owner, std::string question, std::vector<Uuid> materials,
                                     int limit) {
    index::Scope scope;
    scope.materials = std::move(materials);
    return find(db_, semantics_, owner, std::move(question), std::move(scope), limit);
}

Task<bool> Search::anything(UserId owner, std::vector<Uuid> materials) {
    const auto rows = co_await db_.query(anything_sql, owner, materials);
    co_return rows[0].get<bool>(0);
}

Task<PassageSearch> Search::widened(UserId owner, const PassageSearch& plain, std::vector<std::string> lines,
                                    std::vector<Uuid> materials, int limit) {
    const auto ranks = plain.ranks;
    index::Scope scope;
    scope.materials = std::move(materials);
    std::vector<WordRanks> further;
    for (const auto& line : lines) {
        auto found = co_await look_by_words(db_, owner, index::read_question(line), scope);
        if (!found.ranked.empty()) further.push_back(std::move(found));
    }
    if (!ranks || further.empty()) co_return plain;
    PassageSearch result = plain;
    std::vector<index::Vote> votes;
    votes.push_back({&ranks->by_words.ranked, ranks->by_words.trust});
    votes.push_back({&ranks->by_meaning, 1, true});
    for (const auto& found : further) {
        votes.push_back({&found.ranked, found.trust});
        result.answerable = result.answerable || found.answerable;
    }
    result.passages = co_await read_best(db_, owner, index::fuse(votes), limit);
    co_return result;
}

Task<PassageSearch> Search::everywhere(UserId owner, std::string question, std::vector<Uuid> materials,
                                       int limit) {
    index::Scope scope;
    scope.materials = std::move(materials);
    scope.inactive_too = true;
    auto result = co_await find(db_, semantics_, owner, std::move(question), std::move(scope), limit);
    co_await index::highlight(db_, result.ranks->by_words.matches, result.passages);
    co_return result;
}

}  // namespace bb::materials
