#include "services/llm/extractive.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "services/llm/quotable.hpp"

namespace bb::llm {
namespace {

constexpr std::size_t most_quotes = 3;
constexpr std::size_t most_quotes_of_one = 2;
constexpr std::size_t passages_read = 5;

/// A sentence with where it stands and how well it fits.
struct Candidate {
    std::size_t passage = 0;
    std::size_t place = 0;
    std::string text;
    std::vector<std::string> words;
    double score = 0;
    bool quoted = false;
};

struct Phrases {
    const char* opening;
    const char* nothing;
    const char* gap;
    const char* own_words;
};

Phrases phrases_for(std::string_view language) {
    if (language == "fil")
        return {
            "Walang language model dito, kaya sinisipi ko lamang ang iyong mga materyal. Ito ang sinasabi "
            "nila:",
            "Wala akong nakitang tungkol dito sa iyong mga aktibong materyal. Walang language model dito, "
            "kaya "
            "makapagsisipi lamang ako mula sa kanila.\n\nMagdagdag ng materyal tungkol dito, o itanong muli "
            "gamit "
            "ang mga salitang ginagamit ng iyong mga tala. **Aling salita mula sa iyong mga tala ang "
            "pinakamalapit sa hinahanap mo?**",
            "**Isang tanong para sa iyo:** Anong salita ang kulang dito, at gaano ka kasigurado mula 1 (hula "
            "lang) hanggang 5 (siguradong-sigurado)?",
            "**Isang tanong para sa iyo:** Paano mo ito ipapaliwanag sa sarili mong salita sa isang "
            "kaklase?"};
    return {
        "There is no language model here, so I can only quote your materials. This is what they say:",
        "I found nothing about this in your active materials. There is no language model here, so I can only "
        "quote from them.\n\nAdd material about it, or ask again in the words your notes use. **Which word "
        "from "
        "your notes comes closest to what you are looking for?**",
        "**One question for you:** Which word is missing here, and how sure are you, from 1 (a guess) to 5 "
        "(certain)?",
        "**One question for you:** How would you explain this to a classmate in your own words?"};
}

std::vector<Candidate> candidates_of(const std::vector<Passage>& passages) {
    std::vector<Candidate> all;
    for (std::size_t number = 0; number < std::min(passages.size(), passages_read); ++number) {
        std::size_t place = 0;
        for (auto& sentence : quotable_sentences(passages[number].text)) {
            Candidate one;
            one.passage = number;
            one.place = place++;
            one.words = words_of(sentence);
            one.text = std::move(sentence);
            all.push_back(std::move(one));
        }
    }
    return all;
}

bool mentions(const Candidate& sentence, const std::string& word) {
    return std::any_of(sentence.words.begin(), sentence.words.end(),
                       [&](const std::string& own) { return akin(own, word); });
}

/// Rare words of the question count more; long sentences and later passages a little less.
void rate(std::vector<Candidate>& sentences, std::string_view question) {
    for (const auto& word : words_of(question)) {
        if (is_stop_word(word)) continue;
        std::vector<Candidate*> hits;
        for (auto& sentence : sentences)
            if (mentions(sentence, word)) hits.push_back(&sentence);
        const double all = static_cast<double>(sentences.size());
        for (Candidate* hit : hits) hit->score += std::log(1 + all / static_cast<double>(hits.size()));
    }
    for (auto& sentence : sentences) {
        sentence.score /= 1 + static_cast<double>(sentence.words.size()) / 60;
        sentence.score *= 1 - 0.05 * static_cast<double>(sentence.passage);
    }
}

/// The best sentences, in the order of the passages and of their text.
std::vector<const Candidate*> choose_quotes(std::vector<Candidate>& sentences) {
    std::vector<Candidate*> by_score;
    for (auto& sentence : sentences) by_score.push_back(&sentence);
    std::stable_sort(by_score.begin(), by_score.end(), [](auto* a, auto* b) { return a->score > b->score; });
    std::vector<const Candidate*> chosen;
    for (Candidate* next : by_score) {
        if (chosen.size() == most_quotes) break;
        // A sentence that shares nothing with the question is quoted only when there is no better one.
        if (!chosen.empty() && next->score < 0.35 * chosen.front()->score + 1e-9) break;
        std::size_t of_same = 0;
        bool again = false;
        for (const auto* other : chosen) {
            of_same += other->passage == next->passage;
            again |= other->words == next->words;
        }
        next->quoted |= again;  // nothing new to ask about either
        if (again || of_same == most_quotes_of_one) continue;
        next->quoted = true;
        chosen.push_back(next);
    }
    std::sort(chosen.begin(), chosen.end(), [](auto* a, auto* b) {
        return a->passage != b->passage ? a->passage < b->passage : a->place < b->place;
    });
    return chosen;
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::string_view("\\`*_[]<>#|").find(c) != std::string_view::npos) out += '\\';
        out += c == '\n' || c == '\r' ? ' ' : c;
    }
    return out;
}

std::string source_line(const Passage& passage) {
    std::string line = "> — *" + escaped(passage.title);
    for (const auto& heading : passage.heading_path)
        if (heading != passage.title) line += " › " + escaped(heading);
    return line + "*\n";
}

std::string quotes(const std::vector<const Candidate*>& chosen, const std::vector<Passage>& passages) {
    std::string out;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        const auto number = chosen[i]->passage;
        out += "> " + chosen[i]->text + " [" + std::to_string(number + 1) + "]\n";
        const bool last_of_passage = i + 1 == chosen.size() || chosen[i + 1]->passage != number;
        out += last_of_passage ? ">\n" + source_line(passages[number]) + "\n" : ">\n";
    }
    return out;
}

/// A sentence with its longest telling word left out; nullopt when it does not lend itself to that.
std::optional<std::string> with_gap(const Candidate& sentence) {
    if (sentence.words.size() < 6 || sentence.words.size() > 30) return std::nullopt;
    if (sentence.text.find_first_of("$`*_|<") != std::string::npos) return std::nullopt;
    std::string best;
    for (const auto& word : sentence.words)
        if (word.size() > best.size() && !is_stop_word(word)) best = word;
    if (best.size() < 5 || std::count(sentence.words.begin(), sentence.words.end(), best) != 1)
        return std::nullopt;
    // Words are in lower case; only one that stands so in the text can be found again.
    const auto at = sentence.text.find(best);
    if (at == std::string::npos) return std::nullopt;
    std::string text = sentence.text;
    return text.replace(at, best.size(), "____");
}

std::string closing_question(const std::vector<Candidate>& sentences, const Phrases& phrases) {
    for (const bool quoted : {false, true}) {
        for (const auto& sentence : sentences) {
            if (sentence.quoted != quoted) continue;
            if (const auto gap = with_gap(sentence))
                return std::string(phrases.gap) + "\n\n> " + *gap + " [" +
                       std::to_string(sentence.passage + 1) + "]\n";
        }
    }
    return std::string(phrases.own_words) + "\n";
}

}  // namespace

std::string extractive_answer(std::string_view question, const std::vector<Passage>& passages,
                              bool answerable, std::string_view language) {
    const Phrases phrases = phrases_for(language);
    auto sentences = candidates_of(passages);
    if (!answerable || sentences.empty()) return phrases.nothing;
    rate(sentences, question);
    const auto chosen = choose_quotes(sentences);
    return std::string(phrases.opening) + "\n\n" + quotes(chosen, passages) +
           closing_question(sentences, phrases);
}

std::string extractive_summary(std::string_view text, std::size_t count) {
    std::vector<Passage> one(1);
    one.front().text = std::string(text);
    auto sentences = candidates_of(one);
    for (auto& sentence : sentences) {
        double sum = 0;
        std::size_t telling = 0;
        for (const auto& word : sentence.words) {
            if (is_stop_word(word)) continue;
            ++telling;
            sum += static_cast<double>(
                std::count_if(sentences.begin(), sentences.end(),
                              [&](const Candidate& other) { return mentions(other, word); }));
        }
        // Early sentences tend to say what a text is about.
        sentence.score =
            telling ? sum / static_cast<double>(telling) + 1.0 / (1.0 + static_cast<double>(sentence.place))
                    : 0;
    }
    std::vector<const Candidate*> best;
    for (const auto& sentence : sentences) best.push_back(&sentence);
    std::stable_sort(best.begin(), best.end(), [](auto* a, auto* b) { return a->score > b->score; });
    if (best.size() > count) best.resize(count);
    std::sort(best.begin(), best.end(), [](auto* a, auto* b) { return a->place < b->place; });
    std::string out;
    for (const auto* sentence : best) out += "- " + sentence->text + "\n";
    return out;
}

}  // namespace bb::llm
