#include "services/llm/quotable.hpp"

#include <algorithm>
#include <array>

#include "base/core/utf8.hpp"

namespace bb::llm {
namespace {

constexpr std::size_t longest_quote = 400;  // code points

constexpr std::array<std::string_view, 106> stop_words = {
    "about", "after", "ako",  "all",  "also",    "am",   "an",    "and",   "ang",   "ano",    "any",  "anong",
    "are",   "as",    "at",   "atin", "ay",      "ba",   "bakit", "be",    "been",  "but",    "by",   "can",
    "could", "did",   "do",   "does", "explain", "for",  "from",  "give",  "had",   "has",    "have", "he",
    "help",  "her",   "his",  "how",  "i",       "if",   "ikaw",  "in",    "into",  "is",     "it",   "its",
    "ito",   "iyon",  "just", "ka",   "kami",    "kay",  "know",  "ko",    "kung",  "lang",   "mas",  "may",
    "me",    "mean",  "mga",  "mo",   "more",    "my",   "na",    "naman", "nang",  "natin",  "ng",   "nila",
    "nito",  "not",   "of",   "on",   "or",      "our",  "paano", "pa",    "para",  "please", "po",   "sa",
    "saan",  "she",   "si",   "sila", "sino",    "so",   "some",  "tell",  "than",  "that",   "the",  "their",
    "them",  "there", "they", "this", "to",      "what", "when",  "where", "which", "why"};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// General punctuation, U+2000 to U+207F: three bytes.
bool is_dash_or_quote(std::string_view text) {
    return text.starts_with("\xE2\x80") || text.starts_with("\xE2\x81");
}

std::string without_footnotes(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::size_t end = at + 1;
        if (text[at] == '[')
            while (end < text.size() && (is_digit(text[end]) || text[end] == ',' || text[end] == ' ')) ++end;
        if (text[at] == '[' && end > at + 1 && end < text.size() && text[end] == ']')
            at = end;
        else
            out += text[at];
    }
    return out;
}

std::string_view without_list_mark(std::string_view line) {
    line = utf8::trim(line);
    while (line.starts_with('>')) line = utf8::trim(line.substr(1));
    std::size_t digits = 0;
    while (digits < line.size() && is_digit(line[digits])) ++digits;
    if (digits > 0 && digits + 1 < line.size() && (line[digits] == '.' || line[digits] == ')') &&
        line[digits + 1] == ' ')
        return utf8::trim(line.substr(digits + 1));
    if (line.size() > 1 && (line[0] == '-' || line[0] == '*' || line[0] == '+') && line[1] == ' ')
        return utf8::trim(line.substr(1));
    return line;
}

bool starts_block(std::string_view line) {
    return line.empty() || line.front() == '#' || line.front() == '|' || line.starts_with("---") ||
           line.starts_with("===") || line.starts_with("***") || line.starts_with("![");
}

// A full stop behind one of these ends no sentence.
bool abbreviation(std::string_view before) {
    const auto space = before.find_last_of(" (");
    const std::string_view word = space == std::string_view::npos ? before : before.substr(space + 1);
    if (word.size() <= 1) return true;
    for (const std::string_view known : {"e.g", "i.e", "Dr", "Mr", "Mrs", "Ms", "Prof", "Fig", "No", "St",
                                         "vs", "ca", "Gng", "Bb", "hal", "cf", "approx"})
        if (word == known) return true;
    return false;
}

// A sentence does not begin with a small letter.
bool goes_on(std::string_view rest) {
    const auto next = rest.find_first_not_of(' ');
    return next != std::string_view::npos && rest[next] >= 'a' && rest[next] <= 'z';
}

void split_paragraph(std::string_view text, std::vector<std::string>& out) {
    const auto keep = [&](std::string_view sentence) {
        sentence = utf8::trim(sentence);
        if (words_of(sentence).size() < 3) return;
        const auto cut = utf8::prefix(sentence, longest_quote);
        out.push_back(cut.size() < sentence.size() ? std::string(cut) + "…" : std::string(cut));
    };
    std::size_t begin = 0;
    for (std::size_t at = 0; at + 1 < text.size(); ++at) {
        const bool stop = text[at] == '.' || text[at] == '!' || text[at] == '?';
        if (!stop || text[at + 1] != ' ' || goes_on(text.substr(at + 1))) continue;
        if (text[at] == '.' && abbreviation(text.substr(begin, at - begin))) continue;
        keep(text.substr(begin, at + 1 - begin));
        begin = at + 1;
    }
    keep(text.substr(begin));
}

}  // namespace

std::vector<std::string> quotable_sentences(std::string_view markdown) {
    std::vector<std::string> out;
    std::string paragraph;
    bool code = false;
    const auto flush = [&] {
        split_paragraph(paragraph, out);
        paragraph.clear();
    };
    while (!markdown.empty()) {
        const auto end = std::min(markdown.find('\n'), markdown.size());
        const std::string_view raw = utf8::trim(markdown.substr(0, end));
        markdown.remove_prefix(std::min(end + 1, markdown.size()));
        const bool fence = raw.starts_with("```") || raw.starts_with("~~~");
        if (fence) code = !code;
        const std::string_view line = without_list_mark(raw);
        if (fence || code || starts_block(raw) || line.size() != raw.size()) flush();
        if (fence || code || starts_block(raw)) continue;
        if (!paragraph.empty()) paragraph += ' ';
        paragraph += without_footnotes(line);
    }
    flush();
    return out;
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    const auto flush = [&] {
        while (!word.empty() && (word.back() == '-' || word.back() == '\'')) word.pop_back();
        if (!word.empty()) words.push_back(std::move(word));
        word.clear();
    };
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        const bool inner = (c == '-' || c == '\'') && !word.empty();
        if (is_dash_or_quote(text.substr(at))) {
            flush();
            at += 2;
        } else if (is_letter(c) || is_digit(c) || inner) {
            word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        } else {
            flush();
        }
    }
    flush();
    return words;
}

bool is_stop_word(std::string_view word) {
    return word.size() < 2 || std::find(stop_words.begin(), stop_words.end(), word) != stop_words.end();
}

bool akin(std::string_view a, std::string_view b) {
    if (a == b) return true;
    if (a.size() > b.size()) std::swap(a, b);
    if (a.size() < 4) return false;
    if (a.size() >= 5 && b.starts_with(a.substr(0, std::max<std::size_t>(5, a.size() * 3 / 4)))) return true;
    return b.find(a) != std::string_view::npos;
}

}  // namespace bb::llm
