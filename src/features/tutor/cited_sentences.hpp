#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

namespace bb::tutor {

/// A sentence of a reply that cites something. `start` and `end` are bytes, without list marks and the spaces
/// around it, with its citations, also those behind its full stop.
struct CitedSentence {
    std::size_t start = 0;
    std::size_t end = 0;
    std::vector<int> numbers;  // each once, in their order

    bool operator==(const CitedSentence&) const = default;
};

/// A citation such as [3] or [1, 4].
struct Citation {
    std::size_t bytes = 0;  // 0: there is none
    std::vector<int> numbers;
};

/// The citation that begins at byte `at` of `text`.
Citation citation_at(std::string_view text, std::size_t at);

/// The cited sentences of a Markdown text, the first 200, code left out. A line ends a sentence.
std::vector<CitedSentence> cited_sentences(std::string_view markdown);

}  // namespace bb::tutor
