#include "features/tutor/cited_sentences.hpp"

#include <algorithm>
#include <array>

namespace bb::tutor {
namespace {

constexpr std::size_t most_sentences = 200;
constexpr int highest_number = 999;

bool numeral(char c) {
    return c >= '0' && c <= '9';
}

bool small_letter(char c) {
    return c >= 'a' && c <= 'z';
}

std::size_t past_spaces(std::string_view text, std::size_t at, std::size_t end) {
    while (at < end && (text[at] == ' ' || text[at] == '\t')) ++at;
    return at;
}

/// Behind the marks that begin a line of Markdown: of quotes, lists, headings and table rows.
std::size_t past_line_marks(std::string_view text, std::size_t at, std::size_t end) {
    for (;;) {
        at = past_spaces(text, at, end);
        std::size_t next = at;
        while (next < end && (text[next] == '>' || text[next] == '#' || text[next] == '|')) ++next;
        if (next == at && next + 1 < end && (text[next] == '-' || text[next] == '*' || text[next] == '+') &&
            text[next + 1] == ' ')
            ++next;
        std::size_t digits = at;
        while (digits < end && numeral(text[digits])) ++digits;
        if (digits > at && digits + 1 < end && (text[digits] == '.' || text[digits] == ')') &&
            text[digits + 1] == ' ')
            next = digits + 1;
        if (next == at) return at;
        at = next;
    }
}

/// Length of what closes a sentence behind its full stop: quotes, brackets, marks of emphasis.
std::size_t closing_at(std::string_view text, std::size_t at) {
    constexpr std::array<std::string_view, 8> closing = {"\"", "'", "*", "_", ")", "”", "’", "»"};
    for (const auto mark : closing)
        if (text.substr(at).starts_with(mark)) return mark.size();
    return 0;
}

/// Where the sentence ends whose full stop is at `at`, citations behind it included; 0 when it ends no
/// sentence.
std::size_t sentence_end(std::string_view text, std::size_t at, std::size_t end) {
    std::size_t after = at + 1;
    while (after < end) {
        const auto length = closing_at(text, after);
        if (length == 0) break;
        after += length;
    }
    bool cited = false;
    for (;;) {
        const auto next = past_spaces(text, after, end);
        const auto citation = citation_at(text, next);
        if (citation.bytes == 0) break;
        after = next + citation.bytes;
        cited = true;
    }
    if (after >= end) return end;
    if (text[after] != ' ') return 0;
    const auto next = past_spaces(text, after, end);
    return next < end && small_letter(text[next]) && !cited ? 0 : after;
}

class Collector {
public:
    explicit Collector(std::string_view text) : text_(text) {}

    void line(std::size_t begin, std::size_t end) {
        begin = past_line_marks(text_, begin, end);
        while (end > begin && (text_[end - 1] == ' ' || text_[end - 1] == '\r')) --end;
        for (std::size_t at = begin; at < end; ++at) {
            const char c = text_[at];
            if (c != '.' && c != '!' && c != '?') continue;
            const auto stop = sentence_end(text_, at, end);
            if (stop == 0) continue;
            keep(begin, stop);
            begin = past_spaces(text_, stop, end);
            at = begin - 1;
        }
        keep(begin, end);
    }
    std::vector<CitedSentence> take() { return std::move(found_); }
    bool full() const { return found_.size() >= most_sentences; }

private:
    void keep(std::size_t begin, std::size_t end) {
        if (begin >= end || full()) return;
        CitedSentence sentence{begin, end, {}};
        for (std::size_t at = begin; at < end; ++at) {
            auto citation = citation_at(text_, at);
            if (citation.bytes == 0) continue;
            for (const int number : citation.numbers)
                if (std::find(sentence.numbers.begin(), sentence.numbers.end(), number) ==
                    sentence.numbers.end())
                    sentence.numbers.push_back(number);
            at += citation.bytes - 1;
        }
        if (!sentence.numbers.empty()) found_.push_back(std::move(sentence));
    }

    std::string_view text_;
    std::vector<CitedSentence> found_;
};

}  // namespace

Citation citation_at(std::string_view text, std::size_t at) {
    constexpr std::size_t longest = 26;
    Citation citation;
    if (at >= text.size() || text[at] != '[') return citation;
    int number = 0;
    bool digits = false;
    for (std::size_t next = at + 1; next < text.size() && next - at < longest; ++next) {
        const char c = text[next];
        if (numeral(c)) {
            number = std::min(number * 10 + (c - '0'), highest_number + 1);
            digits = true;
            continue;
        }
        if (c != ',' && c != ' ' && c != ']') return {};
        if (digits && number > 0 && number <= highest_number) citation.numbers.push_back(number);
        if (c != ' ' || digits) number = 0;
        if (c != ']') {
            digits = false;
            continue;
        }
        if (!citation.numbers.empty()) citation.bytes = next + 1 - at;
        return citation;
    }
    return {};
}

std::vector<CitedSentence> cited_sentences(std::string_view markdown) {
    Collector collector(markdown);
    bool code = false;
    for (std::size_t begin = 0; begin < markdown.size() && !collector.full();) {
        const auto end = std::min(markdown.find('\n', begin), markdown.size());
        const auto line = markdown.substr(past_spaces(markdown, begin, end));
        const bool fence = line.starts_with("```") || line.starts_with("~~~");
        if (fence) code = !code;
        if (!fence && !code) collector.line(begin, end);
        begin = end + 1;
    }
    return collector.take();
}

}  // namespace bb::tutor
