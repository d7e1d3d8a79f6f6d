#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "features/tutor/types.hpp"
#include "services/llm/provider.hpp"

namespace bb::tutor {

/// When a model is asked in which other words a question is to be looked for.
enum class Rewrite {
    never,           // nothing is asked about
    at_once,         // its own words are likely to miss: asked beside the search by them
    when_not_found,  // asked only where they found nothing to answer from
};

/// Each call costs some two hundred tokens and, before the first word of the answer, up to the 700 ms of its
/// deadline. So it is made where it is likely to find more than the question's own words do: for questions in
/// Filipino, of which the index translates few words; for short ones that go on from what was asked before;
/// and for others that found nothing to answer from.
Rewrite when_to_rewrite(const std::vector<Turn>& history, const std::string& question);

/// Asks for words to search with, one line in English and one in Filipino. What was said before goes along
/// only where the question says too little by itself. Nothing of any material is in it.
llm::ChatRequest search_words_prompt(const std::vector<Turn>& history, const std::string& question);

/// The words in what the model answered, folded, a line for each language: at most two lines of twelve words.
/// Empty when it is anything but that: then it explains, answers or obeys somebody, and cannot be trusted to
/// say what was asked.
std::vector<std::string> search_words_in(std::string_view answer);

/// An answer of more bytes is none.
inline constexpr std::size_t longest_search_words = 600;

}  // namespace bb::tutor
