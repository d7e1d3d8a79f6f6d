#include "features/materials/search.hpp"

#include <algorithm>
#include <map>

#include "features/materials/index/lookup.hpp"

namespace bb::materials {
namespace {

using index::Matches;
using index::Ranked;

/// Sorts by score times how much of the question is covered, and keeps the best.
void sort_by_coverage(std::vector<Ranked>& ranked, const index::Coverage& coverage, int limit) {
    for (Ranked& one : ranked) one.score *= 0.4 + 0.6 * coverage.of(one.concepts);
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const Ranked& a, const Ranked& b) { return a.score > b.score; });
    if (ranked.size() > static_cast<std::size_t>(limit)) ranked.resize(static_cast<std::size_t>(limit));
}

bool judge(const index::Question& question, const std::vector<Ranked>& ranked,
           const index::Coverage& coverage) {
    if (question.only_chatter) return false;
    std::vector<std::uint32_t> held;
    for (const Ranked& one : ranked) held.push_back(one.concepts);
    return index::can_answer(held, coverage);
}

std::vector<FoundPassage> in_order(const std::vector<Ranked>& ranked,
                                   std::vector<index::PlacedPassage> placed) {
    std::map<index::Place, FoundPassage*> by_place;
    for (auto& one : placed) by_place[one.place] = &one.passage;
    std::vector<FoundPassage> found;
    for (const Ranked& one : ranked) {
        const auto it = by_place.find(one.place);
        if (it == by_place.end()) continue;
        it->second->score = one.score;
        found.push_back(std::move(*it->second));
    }
    return found;
}

Task<PassageSearch> find(db::Database& db, UserId owner, std::string words, index::Scope scope, int limit) {
    PassageSearch result;
    index::Question question = index::read_question(words);
    if (question.words.empty()) co_return result;
    const Matches matches = co_await index::match_words(db, owner, question);
    auto ranked = co_await index::rank(db, owner, matches, std::move(scope), static_cast<std::size_t>(limit));
    if (ranked.empty()) co_return result;
    const index::Coverage coverage(matches.concepts, matches.statistics);
    sort_by_coverage(ranked, coverage, limit);
    auto placed = co_await index::fetch(db, owner, ranked);
    result.passages = in_order(ranked, std::move(placed));
    co_await index::highlight(db, matches, result.passages);
    result.answerable = judge(question, ranked, coverage);
    co_return result;
}

}  // namespace

Task<PassageSearch> Search::passages(UserId owner, std::string question, std::vector<Uuid> materials,
                                     int limit) {
    index::Scope scope;
    scope.materials = std::move(materials);
    return find(db_, owner, std::move(question), std::move(scope), limit);
}

Task<PassageSearch> Search::everywhere(UserId owner, std::string question, std::vector<Uuid> materials,
                                       int limit) {
    index::Scope scope;
    scope.materials = std::move(materials);
    scope.inactive_too = true;
    return find(db_, owner, std::move(question), std::move(scope), limit);
}

}  // namespace bb::materials
