#pragma once
#include <boost/json/value.hpp>
#include <memory>
#include <string>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/http/response.hpp"
#include "base/http/router.hpp"
#include "features/tutor/prompt.hpp"
#include "features/tutor/types.hpp"
#include "services/access/token_budget.hpp"
#include "services/llm/provider.hpp"

namespace bb::tutor {

/// What POST /api/completion asks for.
struct CompletionRequest {
    CompletionAction action = CompletionAction::write;
    std::string text;      // the selection; empty only for write
    std::string prompt;    // what is wanted besides, may be empty
    std::string language;  // to translate into: "en" or "fil"
};

/// With an action and no text, the prompt is the text: that is how AI SDK's useCompletion sends it.
/// Errors: invalid_input.
Result<CompletionRequest> parse_completion_request(const boost::json::value& body);

/// Helps with a text in the editor. Answers are streamed and not stored. One object per loop.
class Completion {
public:
    /// `provider` null: no model; then only summarise has an answer.
    Completion(Executor executor, db::Database& db, llm::Provider* provider, access::TokenBudget& budget)
        : executor_(executor), db_(db), provider_(provider), budget_(budget) {}
    Completion(const Completion&) = delete;

    void bind_route(http::Router& router);

private:
    struct Call;
    Task<Result<http::Response>> answer(http::Request& request);
    Task<void> run(std::shared_ptr<Call> call);
    void quote(Call& call);
    Task<void> ask_model(std::shared_ptr<Call> call);

    Executor executor_;
    db::Database& db_;
    llm::Provider* provider_;
    access::TokenBudget& budget_;
    int running_ = 0;
};

}  // namespace bb::tutor
