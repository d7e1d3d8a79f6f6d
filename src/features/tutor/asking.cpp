#include "features/tutor/asking.hpp"

#include "base/core/utf8.hpp"
#include "features/tutor/excerpt.hpp"

namespace bb::tutor {

bool stands_alone(const std::string& question) {
    constexpr std::size_t enough_words = 6;
    return query_words(question).size() >= enough_words;
}

std::string search_text(const std::vector<Turn>& history, const std::string& question) {
    constexpr std::size_t longest = 2000;
    auto words = std::string(utf8::prefix(question, longest));
    if (stands_alone(question)) return words;
    for (auto turn = history.rbegin(); turn != history.rend(); ++turn) {
        if (turn->role == "user") return words + "\n" + std::string(utf8::prefix(turn->text, longest));
    }
    return words;
}

std::vector<llm::Passage> quotable(const std::vector<materials::FoundPassage>& passages) {
    std::vector<llm::Passage> quotes;
    quotes.reserve(passages.size());
    for (const auto& found : passages) {
        llm::Passage passage;
        passage.title = found.title;
        passage.heading_path = found.heading_path;
        passage.text = found.text;
        quotes.push_back(std::move(passage));
    }
    return quotes;
}

PromptInput prompt_input(const Job& job, const materials::PassageSearch& found) {
    PromptInput input;
    input.question = job.question;
    input.history = job.history;
    input.passages = quotable(found.passages);
    input.answerable = found.answerable;
    input.only_materials = job.only_materials;
    input.language = job.language;
    input.begun = job.live->text();
    input.nonce = prompt_nonce();
    return input;
}

}  // namespace bb::tutor
