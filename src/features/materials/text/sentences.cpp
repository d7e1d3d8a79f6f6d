#include "features/materials/text/sentences.hpp"

#include <algorithm>
#include <iterator>

#include "base/core/utf8.hpp"
#include "features/materials/text/fold.hpp"
#include "features/materials/text/words.hpp"

namespace bb::materials::text {
namespace {

constexpr std::string_view abbreviations[] = {"al",   "approx", "atbp", "bb",  "blg", "ca", "cf",  "ch",
                                              "dr",   "eq",     "eqn",  "etc", "fig", "g",  "gng", "hal",
                                              "hon",  "jr",     "mr",   "mrs", "ms",  "no", "p",   "pp",
                                              "prof", "sec",    "sr",   "sta", "sto", "st", "vol", "vs"};

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// The word in front of the full stop at `stop`.
std::string word_before(std::string_view text, std::size_t start, std::size_t stop) {
    std::size_t from = stop;
    while (from > start && !is_space(text[from - 1]) && text[from - 1] != '(' && stop - from < 24) --from;
    while (from < stop && (static_cast<unsigned char>(text[from]) & 0xc0) == 0x80) ++from;
    return folded(text.substr(from, stop - from));
}

bool is_abbreviation(const std::string& word) {
    if (word.size() == 1) return word[0] >= 'a' && word[0] <= 'z';
    if (word.find('.') != std::string::npos) return true;  // e.g, i.e, a.m
    return std::find(std::begin(abbreviations), std::end(abbreviations), word) != std::end(abbreviations);
}

/// Behind closing quotes and brackets that still belong to the sentence.
std::size_t behind_closers(std::string_view text, std::size_t at, std::size_t end) {
    while (at < end) {
        if (text[at] == '"' || text[at] == '\'' || text[at] == ')' || text[at] == ']' || text[at] == '*') {
            ++at;
        } else if (text.substr(at, 3) == "\u201d" || text.substr(at, 3) == "\u2019") {
            at += 3;
        } else {
            break;
        }
    }
    return at;
}

bool starts_sentence(char c) {
    return !(c >= 'a' && c <= 'z');
}

/// Where the sentence that holds byte `at` ends, or `end`.
std::size_t sentence_end(std::string_view text, std::size_t start, std::size_t end) {
    bool maths = false;
    for (std::size_t at = start; at < end; ++at) {
        const char c = text[at];
        if (c == '$') maths = !maths;
        if (maths || (c != '.' && c != '!' && c != '?')) continue;
        const std::size_t after = behind_closers(text, at + 1, end);
        if (after >= end || !is_space(text[after])) continue;
        std::size_t next = after;
        while (next < end && is_space(text[next])) ++next;
        if (next >= end || !starts_sentence(text[next])) continue;
        if (c == '.' && is_abbreviation(word_before(text, start, at))) continue;
        return after;
    }
    return end;
}

std::size_t line_end(std::string_view text, std::size_t start, std::size_t end) {
    return std::min(text.find('\n', start), end);
}

/// Adds [start, end) without white space at its ends.
void add_trimmed(std::vector<Unit>& units, std::string_view text, std::size_t start, std::size_t end) {
    while (start < end && is_space(text[start])) ++start;
    while (end > start && is_space(text[end - 1])) --end;
    if (start < end) units.push_back(Unit{start, end, estimate_tokens(text.substr(start, end - start))});
}

/// Where to cut a unit that may be too long.
struct Cut {
    std::size_t at = 0;
    bool at_space = false;
    bool needed = true;  // false: all of it fits
};

/// At the last white space that fits, else anywhere between two characters.
Cut next_cut(std::string_view text, std::size_t start, std::size_t end, std::size_t most) {
    std::size_t at = start;
    std::size_t space = start;
    std::size_t fits = start;
    std::size_t tokens = 0;
    for (std::size_t run = 0; at < end && tokens < most;) {
        fits = at;
        if (is_space(text[at])) space = at;
        const char32_t c = utf8::next(text, at);
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter || run % 6 == 0) ++tokens;
        run = letter ? run + 1 : 0;
    }
    if (at == end && tokens < most) return Cut{end, true, false};
    return space > start ? Cut{space, true} : Cut{fits, false};
}

/// Breaks one that is too long. What is left is counted down, not counted again: the text may be one sentence
/// of megabytes.
void add_broken(std::vector<Unit>& units, std::string_view text, Unit unit, int max_tokens) {
    const std::size_t most = static_cast<std::size_t>(max_tokens);  // a character is at most one token
    while (unit.tokens > max_tokens) {
        const Cut cut = next_cut(text, unit.start, unit.end, most);
        if (!cut.needed) break;
        add_trimmed(units, text, unit.start, cut.at);
        // A word that is cut in two may count one token more than before.
        unit.tokens -= estimate_tokens(text.substr(unit.start, cut.at - unit.start)) - (cut.at_space ? 0 : 1);
        unit.start = cut.at;
    }
    add_trimmed(units, text, unit.start, unit.end);
}

}  // namespace

std::vector<Unit> units_of(std::string_view text, const Block& block, int max_tokens) {
    std::vector<Unit> whole;
    for (std::size_t at = block.start; at < block.end;) {
        const std::size_t end = block.kind == Block::Kind::prose ? sentence_end(text, at, block.end)
                                                                 : line_end(text, at, block.end);
        add_trimmed(whole, text, at, end);
        at = std::max(end, at + 1);
    }
    std::vector<Unit> units;
    for (const Unit& unit : whole) {
        if (unit.tokens <= max_tokens) {
            units.push_back(unit);
        } else {
            add_broken(units, text, unit, max_tokens);
        }
    }
    return units;
}

}  // namespace bb::materials::text
