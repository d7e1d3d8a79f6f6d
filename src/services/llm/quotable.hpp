#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace bb::llm {

/// The sentences of a Markdown text as one would quote them: without headings, code, tables, list marks, and
/// footnote marks such as [3]. Each is one line of at most 400 code points.
std::vector<std::string> quotable_sentences(std::string_view markdown);

/// Words in lower case: letters (any beyond ASCII), digits, hyphen and apostrophe inside.
std::vector<std::string> words_of(std::string_view text);

/// True for words that say little by themselves, in English or Filipino.
bool is_stop_word(std::string_view word);

/// True when two words are likely forms of one: equal, a common beginning, or (affixes of Filipino) one
/// inside the other.
bool akin(std::string_view a, std::string_view b);

}  // namespace bb::llm
