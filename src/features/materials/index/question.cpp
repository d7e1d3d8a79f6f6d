#include "features/materials/index/question.hpp"

#include <algorithm>

#include "features/materials/text/filipino.hpp"
#include "features/materials/text/words.hpp"

namespace bb::materials::index {
namespace {

constexpr std::size_t most_concepts = 32;
constexpr double enough_in_one = 0.5;
constexpr double enough_together = 0.65;

std::vector<AskedWord> topic_words(std::string_view text, bool with_chatter, std::size_t most) {
    std::vector<AskedWord> asked;
    for (text::Word& word : text::words_of(text)) {
        if (asked.size() == most) break;
        if (text::is_stop_word(word.folded)) continue;
        if (!with_chatter && text::is_chatter(word.folded)) continue;
        const auto same = [&](const AskedWord& other) {
            return other.word == word.folded;
        };
        if (std::any_of(asked.begin(), asked.end(), same)) continue;
        std::string stem = text::filipino_stem(word.folded);
        const bool everyday = text::is_everyday(word.folded);
        asked.push_back(AskedWord{std::move(word.folded), std::move(stem), everyday});
    }
    return asked;
}

}  // namespace

Question read_question(std::string_view text, std::size_t most) {
    Question question;
    question.words = topic_words(text, false, most);
    if (question.words.empty()) {
        question.words = topic_words(text, true, most);
        question.only_chatter = !question.words.empty();
    }
    return question;
}

std::int64_t Concept::passages() const {
    const double best = closeness();
    std::int64_t sum = 0;
    for (const MatchedTerm& term : terms)
        if (term.closeness >= best - 0.3) sum += term.passages;  // not words that only mean much the same
    return sum;
}

double Concept::closeness() const {
    double best = 0;
    for (const MatchedTerm& term : terms) best = std::max(best, term.closeness);
    return best;
}

Coverage::Coverage(const std::vector<Concept>& concepts, const Statistics& statistics) {
    double all = 0;
    for (const Concept& concept_of : concepts) {
        // In a small collection every word is common, so rarity is not trusted far in either direction.
        const double weight =
            std::clamp(rarity(statistics, concept_of.passages()), 1.0, 2.0) * concept_of.asked.importance();
        all += weight;
        parts_.push_back(weight * concept_of.closeness());
    }
    for (double& part : parts_) part /= all;
}

double Coverage::of(std::uint32_t held) const {
    double sum = 0;
    for (std::size_t i = 0; i < parts_.size(); ++i)
        if (held >> i & 1) sum += parts_[i];
    return sum;
}

void keep_rarest(std::vector<Concept>& concepts) {
    if (concepts.size() <= most_concepts) return;
    std::stable_sort(concepts.begin(), concepts.end(), [](const Concept& a, const Concept& b) {
        const auto left = a.passages();
        const auto right = b.passages();
        if ((left == 0) != (right == 0)) return right == 0;
        return left < right;
    });
    concepts.resize(most_concepts);
}

bool can_answer(const std::vector<std::uint32_t>& held, const Coverage& coverage) {
    std::uint32_t together = 0;
    for (std::size_t i = 0; i < held.size() && i < 3; ++i) {
        if (coverage.of(held[i]) >= enough_in_one) return true;
        together |= held[i];
    }
    return coverage.of(together) >= enough_together;
}

}  // namespace bb::materials::index
