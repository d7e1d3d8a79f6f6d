#include "features/tutor/rewriting.hpp"

#include <utility>

#include "base/core/log.hpp"
#include "features/tutor/prompt.hpp"
#include "features/tutor/search_words.hpp"

namespace bb::tutor {
namespace {

using Clock = std::chrono::steady_clock;

/// What a call cost. One that was ended by us has been read by then, whatever it had said.
std::int64_t cost_of(const llm::Outcome& outcome, std::size_t prompt_tokens, const std::string& text) {
    if (outcome.cancelled && !outcome.usage && text.empty()) return static_cast<std::int64_t>(prompt_tokens);
    return tokens_of(outcome, prompt_tokens, text.size());
}

}  // namespace

Rewriting::Rewriting(const Executor& executor) : over_(executor, Rewriter::deadline) {}

Task<std::vector<std::string>> Rewriting::lines() {
    while (!done_ && Clock::now() < over_.expiry()) co_await over_.async_wait(use_task_tuple);
    co_return std::move(lines_);
}

void Rewriting::end(std::vector<std::string> lines) {
    if (std::exchange(done_, true)) return;
    lines_ = std::move(lines);
    over_.cancel();
}

void Rewriting::give_up() {
    end({});
    cancellation_->cancel();
}

std::shared_ptr<Rewriting> Rewriter::begin(UserId owner, const std::vector<Turn>& history,
                                           const std::string& question, const Origin& origin) {
    if (!provider_ || running_ >= most_at_once) return nullptr;
    // What is left of a model that fails is for the answers.
    if (provider_->state() != "available" || !use_.admit(Clock::now())) return nullptr;
    auto rewriting = std::make_shared<Rewriting>(executor_);
    rewriting->over_.async_wait([rewriting](const boost::system::error_code& stopped) {
        if (!stopped) rewriting->cancellation_->cancel();
    });
    auto request = search_words_prompt(history, question);
    request.origin = origin;
    ++running_;
    net::spawn(executor_, run(rewriting, owner, std::move(request)), origin.request);
    return rewriting;
}

Task<void> Rewriter::run(std::shared_ptr<Rewriting> rewriting, UserId owner, llm::ChatRequest request) {
    const auto asked_by = request.origin.request;
    const auto prompt_tokens = estimated_tokens(request);
    const auto cancellation = rewriting->cancellation_;
    std::string text;
    auto on_text = [&text, &cancellation](std::string_view piece) {
        text += piece;
        if (text.size() > longest_search_words) cancellation->cancel();
    };
    llm::Outcome outcome;
    try {
        outcome = co_await provider_->chat(std::move(request), on_text, cancellation);
    } catch (const std::exception& fault) {
        outcome.fault = llm::Fault::cut_off;
        log::warn("question not rewritten", {{"request", asked_by}, {"fault", fault.what()}});
    }
    --running_;
    budget_.add(owner.value, cost_of(outcome, prompt_tokens, text), asked_by);
    settle(*rewriting, outcome, text);
}

void Rewriter::settle(Rewriting& rewriting, const llm::Outcome& outcome, const std::string& text) {
    if (rewriting.done_) {  // given up
        use_.dropped();
        return;
    }
    const bool late = outcome.cancelled && text.size() <= longest_search_words;
    std::vector<std::string> lines;
    if (!outcome.cancelled && !outcome.fault) lines = search_words_in(text);
    count(late ? "late" : outcome.fault ? "failed" : lines.empty() ? "useless" : "used");
    if (lines.empty())
        use_.failed(Clock::now());
    else
        use_.succeeded();
    rewriting.end(std::move(lines));
}

void Rewriter::count(const char* outcome) {
    registry_
        .counter("brainbytes_question_rewritings_total",
                 "Questions that the model was asked to put in other words, by what came of it.",
                 {{"outcome", outcome}})
        .add();
}

}  // namespace bb::tutor
