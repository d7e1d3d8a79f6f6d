#include "features/materials/index/question.hpp"

#include <algorithm>

#include "features/materials/text/filipino.hpp"
#include "features/materials/text/words.hpp"

namespace bb::materials::index {
namespace {

constexpr std::size_t most_concepts = 32;
constexpr double enough_of_question = 0.4;
constexpr double enough_of_short_question = 0.5;
constexpr double short_question = 4;  // of two or three words of the topic
// Some three or four words of the topic: long questions tell more than their answer repeats.
constexpr double enough_by_itself = 4.5;

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
    for (const Concept& concept_of : concepts) {
        // In a small collection every word is common, so rarity is not trusted far in either direction.
        const double weight =
            std::clamp(rarity(statistics, concept_of.passages()), 1.0, 2.0) * concept_of.asked.importance();
        asked_ += weight;
        parts_.push_back(weight * concept_of.closeness());
    }
}

double Coverage::amount(std::uint32_t held) const {
    double sum = 0;
    for (std::size_t i = 0; i < parts_.size(); ++i)
        if (held >> i & 1) sum += parts_[i];
    return sum;
}

double Coverage::of(std::uint32_t held) const {
    return asked_ > 0 ? amount(held) / asked_ : 0;
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
    const double enough = coverage.asked() < short_question ? enough_of_short_question : enough_of_question;
    for (std::size_t i = 0; i < held.size() && i < 3; ++i)
        if (coverage.of(held[i]) >= enough || coverage.amount(held[i]) >= enough_by_itself) return true;
    return false;
}

}  // namespace bb::materials::index
