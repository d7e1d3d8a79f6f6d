#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bb::tutor {

/// The words of what a person typed: letters and digits, in lower case, at most twelve.
std::vector<std::string> query_words(std::string_view query);

/// A to_tsquery text that wants every word, each as the beginning of a word.
std::string prefix_query(const std::vector<std::string>& words);

/// A part of a text around the first word found; offsets are code points.
struct Excerpt {
    std::int32_t start = 0;
    std::int32_t end = 0;
    std::string text;
    std::vector<std::pair<std::int32_t, std::int32_t>> highlights;  // in `text`
};

/// `text` must be UTF-8; `words` come from query_words.
Excerpt excerpt_around(std::string_view text, const std::vector<std::string>& words);

}  // namespace bb::tutor
