#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "features/materials/index/ranking.hpp"

namespace bb::materials::index {

/// A word of the question that carries its topic.
struct AskedWord {
    std::string word;  // folded
    std::string stem;  // Filipino stem
    bool everyday = false;

    /// How much it says of the topic, 0 to 1.
    double importance() const { return everyday ? 0.3 : 1; }
};

/// What a question asks about. `only_chatter`: nothing but words like "explain" and "example" was left.
struct Question {
    std::vector<AskedWord> words;
    bool only_chatter = false;
};

/// The topic words of a question in its order, each once, at most `most`: small words and phrases such as
/// "please explain" are dropped.
Question read_question(std::string_view text, std::size_t most = 200);

/// A term of the index that stands for a word of the question.
struct MatchedTerm {
    std::int64_t id = 0;
    std::string term;
    std::int64_t passages = 0;
    double closeness = 1;  // below 1 for a term that is only spelt alike
};

/// A word of the question with the terms that stand for it; none when the materials do not know it.
struct Concept {
    AskedWord asked;
    std::vector<MatchedTerm> terms;

    std::int64_t passages() const;
    double closeness() const;
};

/// How much of the question a passage covers, 0 to 1: rare words count more, words that the materials do not
/// have count against it.
class Coverage {
public:
    Coverage(const std::vector<Concept>& concepts, const Statistics& statistics);
    /// `held` has bit i for each concept i that is there.
    double of(std::uint32_t held) const;
    /// How much it holds at all: 1 for a common word of the topic, 2 for a rare one.
    double amount(std::uint32_t held) const;
    /// How much the question asks, in the same measure.
    double asked() const { return asked_; }

private:
    std::vector<double> parts_;
    double asked_ = 0;
};

/// At most 32 concepts: the rarest ones that the materials have, and the unknown ones.
void keep_rarest(std::vector<Concept>& concepts);

/// Whether passages that hold these concepts, best first, are enough to answer from.
bool can_answer(const std::vector<std::uint32_t>& held, const Coverage& coverage);

}  // namespace bb::materials::index
