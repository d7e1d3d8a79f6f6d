#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "features/tutor/types.hpp"
#include "services/llm/extractive.hpp"
#include "services/llm/provider.hpp"

namespace bb::tutor {

/// How much goes to the model, in estimated tokens.
struct PromptBudget {
    std::size_t passages = 4000;
    std::size_t history = 6000;
    int answer = 2048;
};

/// What a reply is made from. No name, address or other personal data belongs in here.
struct PromptInput {
    std::string question;
    std::vector<Turn> history;           // before the question, oldest first
    std::vector<llm::Passage> passages;  // best first
    bool answerable = false;             // the passages fit the question
    bool only_materials = false;         // nothing but the passages may be said
    std::string language;                // "en" or "fil": what the student chose for the page
    std::string begun;                   // of a reply that is continued: what it says already
    std::string nonce;                   // fresh for each request: prompt_nonce()
};

struct Prompt {
    llm::ChatRequest request;
    std::size_t passages =
        0;  // how many of the passages, from the first, were put in: only these can be cited
};

/// Random characters that text written earlier cannot contain.
std::string prompt_nonce();

/// What a request costs to read, roughly.
std::size_t estimated_tokens(const llm::ChatRequest& request);

/// What a call cost: as the model counted, or else as we estimate from what it was given and said.
std::int64_t tokens_of(const llm::Outcome& outcome, std::size_t prompt_tokens, std::size_t answer_bytes);

/// What to set aside for answering a question before its prompt is known: instructions, some passages and
/// turns, and an answer of common length.
std::int64_t expected_tokens(std::string_view question);

/// The tutor's manner, the passages fenced as data that is not to be obeyed, the newest part of the history
/// that fits, and the question. Pure.
Prompt build_prompt(const PromptInput& input, const PromptBudget& budget = {});

/// What is said in a chat that answers from materials alone when none of them fits.
std::string nothing_in_materials(std::string_view language);

/// Asks for a short title of a conversation.
llm::ChatRequest title_prompt(std::string_view question, std::string_view answer, std::string_view language);
/// The title in what the model answered: one line without quotes, at most 60 characters; may be empty.
std::string title_from_model(std::string_view answer);

/// What may be done with a selection of text in the editor.
enum class CompletionAction { write, go_on, simplify, summarise, translate };

/// `prompt`: what the person wants besides, may be empty; `language` of the answer for translate: "en" or
/// "fil".
llm::ChatRequest completion_prompt(CompletionAction action, std::string_view text, std::string_view prompt,
                                   std::string_view language, std::string_view nonce);

/// A rough count of tokens that errs on the high side.
std::size_t estimated_tokens(std::string_view text);

}  // namespace bb::tutor
