#include "features/materials/search.hpp"

#include <algorithm>

#include "features/materials/index/fusion.hpp"
#include "features/materials/index/joining.hpp"
#include "features/materials/index/lookup.hpp"
#include "features/materials/vectors/semantics.hpp"

namespace bb::materials {
namespace {

using index::Matches;
using index::Ranked;

constexpr std::size_t contenders = 50;  // by words, and as many by meaning

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

/// Words that cover a question well are followed rather than a model; a model rather than a few words in
/// common.
double trust_in_words(const std::vector<Ranked>& by_words, const index::Coverage& coverage) {
    return by_words.empty() ? 0.5 : 0.5 + coverage.of(by_words[0].concepts);
}

Task<PassageSearch> find(db::Database& db, vectors::Semantics* semantics, UserId owner, std::string words,
                         index::Scope scope, int limit) {
    PassageSearch result;
    const index::Question question = index::read_question(words);
    std::vector<Ranked> by_meaning;
    if (semantics) by_meaning = co_await semantics->nearest(owner, std::move(words), scope, contenders);
    Matches matches;
    std::vector<Ranked> ranked;
    if (!question.words.empty()) {
        matches = co_await index::match_words(db, owner, question);
        ranked = co_await index::rank(db, owner, matches, std::move(scope), contenders);
    }
    const index::Coverage coverage(matches.concepts, matches.statistics);
    sort_by_coverage(ranked, coverage, contenders);
    result.answerable = judge(question, ranked, coverage);
    if (!by_meaning.empty()) ranked = index::fuse(ranked, by_meaning, trust_in_words(ranked, coverage));
    const auto looked_at = static_cast<std::size_t>(limit) * 2;
    if (ranked.size() > looked_at) ranked.resize(looked_at);
    if (ranked.empty()) co_return result;
    const auto placed = co_await index::fetch(db, owner, index::with_neighbours(ranked));
    const auto stretches = index::join_passages(ranked, placed, static_cast<std::size_t>(limit));
    result.passages = co_await index::read_stretches(db, owner, stretches, placed);
    result.by_meaning = !by_meaning.empty() && !result.passages.empty();
    co_await index::highlight(db, matches, result.passages);
    co_return result;
}

}  // namespace

Task<PassageSearch> Search::passages(UserId owner, std::string question, std::vector<Uuid> materials,
                                     int limit) {
    index::Scope scope;
    scope.materials = std::move(materials);
    return find(db_, semantics_, owner, std::move(question), std::move(scope), limit);
}

Task<PassageSearch> Search::everywhere(UserId owner, std::string question, std::vector<Uuid> materials,
                                       int limit) {
    index::Scope scope;
    scope.materials = std::move(materials);
    scope.inactive_too = true;
    return find(db_, semantics_, owner, std::move(question), std::move(scope), limit);
}

}  // namespace bb::materials
