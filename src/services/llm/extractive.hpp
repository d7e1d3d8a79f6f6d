#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace bb::llm {

/// A piece of a person's material. Its number in citations is its place in the list, from 1.
struct Passage {
    std::string title;
    std::vector<std::string> heading_path;  // outermost first
    std::string text;                       // Markdown
};

/// Answers without a model, in Markdown: quotes the sentences of `passages` (best first) that fit the
/// question, each with its [n], and asks one question about them. Says plainly that nothing fits when not
/// `answerable`. `language`: "en" or "fil". Pure.
std::string extractive_answer(std::string_view question, const std::vector<Passage>& passages,
                              bool answerable, std::string_view language);

/// A summary without a model: the sentences of `text` that say most, in their order. Empty when there is
/// none.
std::string extractive_summary(std::string_view text, std::size_t sentences = 3);

}  // namespace bb::llm
