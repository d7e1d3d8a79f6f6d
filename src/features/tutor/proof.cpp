#include "features/tutor/proof.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <unordered_map>
#include <unordered_set>

#include "base/core/json_writer.hpp"
#include "base/core/utf8.hpp"
#include "features/materials/text/bilingual.hpp"
#include "features/materials/text/words.hpp"
#include "features/tutor/cited_sentences.hpp"
#include "services/llm/quotable.hpp"

namespace bb::tutor {
namespace {

namespace text = materials::text;

constexpr double enough_words = 0.5;
constexpr std::size_t fewest_words = 2;  // that carry meaning; fewer tell nothing
constexpr std::size_t shortest_quote = 3;
constexpr std::size_t most_words = 200;          // of a sentence that are looked at
constexpr std::size_t most_passages = 8;         // that a sentence cites
constexpr std::size_t longest_passage = 20'000;  // bytes

using Folded = std::vector<std::string>;

/// A copy in which commas inside numbers are gone, so that 1,000 and 1000 are the same.
std::string plain_numbers(std::string_view from) {
    const auto numeral_at = [&](std::size_t at) {
        return at < from.size() && from[at] >= '0' && from[at] <= '9';
    };
    std::string out;
    for (std::size_t at = 0; at < from.size(); ++at)
        if (from[at] != ',' || at == 0 || !numeral_at(at - 1) || !numeral_at(at + 1)) out += from[at];
    return out;
}

Folded folded_words(std::string_view from) {
    Folded words;
    for (auto& word : text::words_of(plain_numbers(from))) words.push_back(std::move(word.folded));
    return words;
}

/// A sentence without its citations, formulas and code: what can be looked for in a passage.
std::string claim_of(std::string_view sentence) {
    std::string claim;
    for (std::size_t at = 0; at < sentence.size(); ++at) {
        const auto citation = citation_at(sentence, at);
        const char c = sentence[at];
        std::size_t end = citation.bytes > 0 ? at + citation.bytes - 1 : at;
        if (c == '$' || c == '`') {
            const auto close = sentence.find(c, at + 1);
            if (close != std::string_view::npos) end = close;
        }
        claim += end > at ? ' ' : c;
        at = end;
    }
    return claim;
}

/// What stands between quotation marks, at least `shortest_quote` words of it.
std::vector<Folded> quotes_in(std::string_view claim) {
    constexpr std::array<std::array<std::string_view, 2>, 3> marks = {{{"\"", "\""}, {"“", "”"}, {"«", "»"}}};
    std::vector<Folded> quotes;
    for (const auto& [open, close] : marks) {
        for (std::size_t at = 0; (at = claim.find(open, at)) != std::string_view::npos;) {
            const auto begin = at + open.size();
            const auto end = claim.find(close, begin);
            if (end == std::string_view::npos) break;
            auto words = folded_words(claim.substr(begin, end - begin));
            if (words.size() >= shortest_quote) quotes.push_back(std::move(words));
            at = end + close.size();
        }
    }
    return quotes;
}

/// The words of a passage, taken apart once however many sentences cite it.
class Passage {
public:
    explicit Passage(std::string_view passage)
        : row_(folded_words(passage)),
          words_(row_.begin(), row_.end()),
          language_(text::guess_language(text::words_of(passage))) {}

    text::Language language() const { return language_; }
    bool holds(const std::string& word) const { return words_.contains(word); }
    bool holds_kin(const std::string& word) const {
        return holds(word) || std::any_of(words_.begin(), words_.end(),
                                          [&](const auto& known) { return llm::akin(word, known); });
    }
    bool holds_row(const Folded& row) const {
        return std::search(row_.begin(), row_.end(), row.begin(), row.end()) != row_.end();
    }

private:
    Folded row_;
    std::unordered_set<std::string> words_;
    text::Language language_;
};

/// The passages that one sentence cites.
class Ground {
public:
    void add(const Passage& passage) { passages_.push_back(&passage); }
    bool empty() const { return passages_.empty(); }
    text::Language language() const { return passages_.front()->language(); }

    bool holds(const std::string& word) const {
        return any([&](const Passage& passage) { return passage.holds(word); });
    }
    bool holds_kin(const std::string& word) const {
        return any([&](const Passage& passage) { return passage.holds_kin(word); });
    }
    bool holds_row(const Folded& row) const {
        return any([&](const Passage& passage) { return passage.holds_row(row); });
    }

private:
    template <class Test>
    bool any(Test test) const {
        return std::any_of(passages_.begin(), passages_.end(),
                           [&](const Passage* passage) { return test(*passage); });
    }

    std::vector<const Passage*> passages_;
};

bool carries_meaning(const std::string& word) {
    return word.size() > 2 && !text::is_stop_word(word) && !text::is_chatter(word) &&
           !llm::is_stop_word(word);
}

bool long_number(const std::string& word) {
    return word.size() > 1 &&
           std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// How many words of a sentence could be looked for in the passages, and how many stand there.
struct Overlap {
    std::size_t looked = 0;
    std::size_t found = 0;

    bool enough() const { return static_cast<double>(found) >= enough_words * static_cast<double>(looked); }
};

Overlap overlap_of(const Folded& words, const Ground& ground) {
    Overlap overlap;
    for (const auto& word : words) {
        if (!carries_meaning(word)) continue;
        ++overlap.looked;
        overlap.found += ground.holds_kin(word) ? 1 : 0;
    }
    return overlap;
}

/// The same for a sentence in Filipino about passages in English, as far as the school vocabulary goes.
Overlap translated_overlap(const Folded& words, const Ground& ground) {
    Overlap overlap;
    for (const auto& word : words) {
        if (!carries_meaning(word)) continue;
        const auto english = text::english_for(word);
        const bool found = ground.holds_kin(word) ||
                           std::any_of(english.begin(), english.end(),
                                       [&](auto one) { return ground.holds_kin(std::string(one)); });
        overlap.looked += found || !english.empty() ? 1 : 0;
        overlap.found += found ? 1 : 0;
    }
    return overlap;
}

enum class Verdict { supported, unchecked, unsupported };

Verdict verdict_of(std::string_view sentence, const Ground& ground, Lack& lack) {
    const auto claim = claim_of(sentence);
    const auto parts = text::words_of(claim);
    auto words = folded_words(claim);
    if (words.size() > most_words) words.resize(most_words);
    const bool foreign = text::guess_language(parts, ground.language()) != ground.language();
    lack = Lack::number;
    for (const auto& word : words)
        if (long_number(word) && !ground.holds(word)) return Verdict::unsupported;
    const auto quotes = foreign ? std::vector<Folded>() : quotes_in(claim);
    lack = Lack::quote;
    for (const auto& quote : quotes)
        if (!ground.holds_row(quote)) return Verdict::unsupported;
    lack = Lack::words;
    auto overlap = overlap_of(words, ground);
    if (overlap.enough() && (overlap.looked >= fewest_words || !quotes.empty())) return Verdict::supported;
    if (foreign && ground.language() == text::Language::english) overlap = translated_overlap(words, ground);
    if (overlap.looked < fewest_words) return Verdict::unchecked;
    if (overlap.enough()) return Verdict::supported;
    return foreign ? Verdict::unchecked : Verdict::unsupported;
}

/// Turns growing byte offsets of a text into code points.
class CodePoints {
public:
    explicit CodePoints(std::string_view of) : of_(of) {}
    std::int32_t at(std::size_t byte) {
        points_ += static_cast<std::int32_t>(utf8::length(of_.substr(byte_, byte - byte_)));
        byte_ = byte;
        return points_;
    }

private:
    std::string_view of_;
    std::size_t byte_ = 0;
    std::int32_t points_ = 0;
};

std::string_view name_of(Lack lack) {
    switch (lack) {
        case Lack::quote:
            return "quote";
        case Lack::number:
            return "number";
        case Lack::words:
            break;
    }
    return "words";
}

}  // namespace

Proof check_citations(std::string_view reply, const std::vector<CitedPassage>& cited) {
    Proof proof;
    CodePoints points(reply);
    std::unordered_map<int, Passage> passages;
    const auto read = [&](const CitedPassage& one) -> const Passage& {
        const auto text = std::string_view(one.text).substr(0, longest_passage);
        return passages.try_emplace(one.number, text).first->second;
    };
    for (auto& sentence : cited_sentences(reply)) {
        Ground ground;
        std::vector<int> numbers;
        for (const auto& passage : cited) {
            const auto& named = sentence.numbers;
            if (numbers.size() == most_passages) break;
            if (std::find(named.begin(), named.end(), passage.number) == named.end()) continue;
            ground.add(read(passage));
            numbers.push_back(passage.number);
        }
        if (ground.empty()) continue;  // [7] of something else: no citation
        Lack lack{};
        const auto said = reply.substr(sentence.start, sentence.end - sentence.start);
        const auto verdict = verdict_of(said, ground, lack);
        proof.supported += verdict == Verdict::supported ? 1 : 0;
        proof.unchecked += verdict == Verdict::unchecked ? 1 : 0;
        if (verdict != Verdict::unsupported) continue;
        Unsupported finding;
        finding.start = points.at(sentence.start);
        finding.end = points.at(sentence.end);
        finding.numbers = std::move(numbers);
        finding.lack = lack;
        proof.unsupported.push_back(std::move(finding));
    }
    return proof;
}

Proof check_reply(std::string_view reply, const std::string& sources) {
    if (sources.empty()) return {};
    std::vector<CitedPassage> cited;
    const auto parts = boost::json::parse(sources);
    for (const auto& part : parts.as_array()) {
        const auto* source = part.as_object().if_contains("providerMetadata");
        source = source && source->is_object() ? source->get_object().if_contains("brainbytes") : nullptr;
        if (!source || !source->is_object()) continue;
        const auto* number = source->get_object().if_contains("number");
        const auto* quote = source->get_object().if_contains("quote");
        if (!number || !number->is_int64() || !quote || !quote->is_string()) continue;
        CitedPassage passage;
        passage.number = static_cast<int>(number->get_int64());
        passage.text = std::string_view(quote->get_string());
        cited.push_back(std::move(passage));
    }
    return check_citations(reply, cited);
}

std::string proof_part_json(const Proof& proof) {
    if (proof.empty()) return {};
    JsonWriter json;
    json.object().field("type", "data-proof").field("id", "proof").key("data").object();
    json.field("supported", proof.supported).field("unchecked", proof.unchecked);
    json.key("unsupported").array();
    for (const auto& finding : proof.unsupported) {
        json.object().field("start", finding.start).field("end", finding.end).key("numbers").array();
        for (const int number : finding.numbers) json.value(number);
        json.end().field("lack", name_of(finding.lack)).end();
    }
    json.end().end().end();
    return json.take();
}

}  // namespace bb::tutor
