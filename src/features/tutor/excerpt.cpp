#include "features/tutor/excerpt.hpp"

#include <algorithm>

#include "base/core/utf8.hpp"

namespace bb::tutor {
namespace {

constexpr std::size_t max_words = 12;
constexpr std::int32_t before_match = 60;
constexpr std::int32_t excerpt_length = 240;

/// Lower case for what English and Filipino use: ASCII and Latin-1.
char32_t lower(char32_t c) {
    if (c >= 'A' && c <= 'Z') return c + 32;
    if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return c + 32;
    return c;
}

bool is_word(char32_t c) {
    if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool punctuation = c < 0xC0 || c == 0xD7 || c == 0xF7 || (c >= 0x2000 && c <= 0x2BFF) ||
                             (c >= 0x3000 && c <= 0x303F) || (c >= 0xFE00 && c <= 0xFE0F);
    return !punctuation;
}

struct Word {
    std::string text;  // lower case
    std::int32_t start;
    std::int32_t end;
};

std::vector<Word> split(std::string_view text) {
    std::vector<Word> words;
    bool open = false;
    std::int32_t at = 0;
    for (std::size_t byte = 0; byte < text.size(); ++at) {
        const char32_t c = utf8::next(text, byte);
        if (!is_word(c)) {
            open = false;
            continue;
        }
        if (!open) words.push_back({"", at, at});
        open = true;
        utf8::append(words.back().text, lower(c));
        words.back().end = at + 1;
    }
    return words;
}

bool wanted(const std::string& word, const std::vector<std::string>& words) {
    return std::any_of(words.begin(), words.end(), [&](const auto& w) { return word.starts_with(w); });
}

}  // namespace

std::vector<std::string> query_words(std::string_view query) {
    std::vector<std::string> words;
    for (auto& word : split(query)) {
        if (words.size() == max_words) break;
        words.push_back(std::move(word.text));
    }
    return words;
}

std::string prefix_query(const std::vector<std::string>& words) {
    std::string query;
    for (const auto& word : words) {
        if (!query.empty()) query += " & ";
        query += '\'' + word + "':*";  // words hold letters and digits alone, so nothing needs escaping
    }
    return query;
}

Excerpt excerpt_around(std::string_view text, const std::vector<std::string>& words) {
    const auto all = split(text);
    const auto first =
        std::find_if(all.begin(), all.end(), [&](const Word& w) { return wanted(w.text, words); });
    const auto length = static_cast<std::int32_t>(utf8::length(text));

    Excerpt excerpt;
    if (first != all.end() && first->start > before_match) excerpt.start = first->start - before_match;
    excerpt.end = std::min(length, excerpt.start + excerpt_length);
    const auto from = utf8::offset_of(text, static_cast<std::size_t>(excerpt.start));
    const auto to = utf8::offset_of(text, static_cast<std::size_t>(excerpt.end));
    excerpt.text = std::string(text.substr(from, to - from));
    for (auto word = first; word != all.end() && word->end <= excerpt.end; ++word) {
        if (wanted(word->text, words))
            excerpt.highlights.emplace_back(word->start - excerpt.start, word->end - excerpt.start);
    }
    return excerpt;
}

}  // namespace bb::tutor
