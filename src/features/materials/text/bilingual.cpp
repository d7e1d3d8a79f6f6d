#include "features/materials/text/bilingual.hpp"

#include <algorithm>

namespace bb::materials::text {
namespace {

// Of our own making. A line for each word: the Filipino one, then English ones. Sorted by bytes.
constexpr std::string_view lines = std::string_view(
#include "features/materials/text/filipino_english.inc"
                                       )
                                       .substr(1);

std::string_view first_word(std::string_view words) {
    return words.substr(0, words.find(' '));
}

/// The line that begins with `word`; empty when none does.
std::string_view line_of(std::string_view word) {
    std::size_t from = 0;  // both at the beginning of a line
    std::size_t to = lines.size();
    while (from < to) {
        const auto middle = from + (to - from) / 2;
        const auto start = middle == 0 ? 0 : lines.rfind('\n', middle - 1) + 1;
        const auto end = lines.find('\n', start);
        const auto line = lines.substr(start, end - start);
        const auto order = first_word(line).compare(word);
        if (order == 0) return line;
        if (order < 0)
            from = end + 1;
        else
            to = start;
    }
    return {};
}

}  // namespace

std::vector<std::string_view> english_for(std::string_view filipino) {
    std::vector<std::string_view> words;
    auto left = line_of(filipino);
    for (left.remove_prefix(std::min(filipino.size() + 1, left.size())); !left.empty();) {
        words.push_back(first_word(left));
        left.remove_prefix(std::min(words.back().size() + 1, left.size()));
    }
    return words;
}

}  // namespace bb::materials::text
