#pragma once
#include <string>
#include <vector>

#include "features/materials/types.hpp"
#include "features/tutor/generator.hpp"

namespace bb::tutor {

/// What to look for in the materials: the question, with the one before it when it says too little by itself.
std::string search_text(const std::vector<Turn>& history, const std::string& question);

/// The model's request for a reply.
llm::ChatRequest prompt_for(const Job& job, const materials::PassageSearch& found);

/// The whole answer of the tutor without a model.
std::string quoted_answer(const materials::PassageSearch& found, const std::string& question,
                          const std::string& language);

/// The model's request for a thread's title, and what is kept of its answer.
llm::ChatRequest title_request(const std::string& question, const std::string& answer);
std::string clean_title(const std::string& answer);

}  // namespace bb::tutor
