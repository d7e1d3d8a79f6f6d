#pragma once
#include <string>
#include <vector>

#include "features/materials/types.hpp"
#include "features/tutor/generator.hpp"
#include "features/tutor/prompt.hpp"

namespace bb::tutor {

inline constexpr int passages_wanted = 8;

/// What to look for in the materials: the question, with the one before it when it says too little by itself.
std::string search_text(const std::vector<Turn>& history, const std::string& question);

/// Whether the question says enough to be looked for without what was asked before.
bool stands_alone(const std::string& question);

/// The passages as the prompt and the tutor without a model want them.
std::vector<llm::Passage> quotable(const std::vector<materials::FoundPassage>& passages);

/// What the prompt is built from.
PromptInput prompt_input(const Job& job, const materials::PassageSearch& found);

}  // namespace bb::tutor
