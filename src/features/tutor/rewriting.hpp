#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/core/metrics.hpp"
#include "base/core/task.hpp"
#include "base/net/timer.hpp"
#include "features/tutor/types.hpp"
#include "services/access/token_budget.hpp"
#include "services/llm/circuit.hpp"
#include "services/llm/provider.hpp"

namespace bb::tutor {

/// A question on its way to other words: one call to the model that ends at its deadline. For one loop.
class Rewriting {
public:
    explicit Rewriting(const Executor& executor);
    Rewriting(const Rewriting&) = delete;

    /// The lines to search by, as soon as they are there; empty when the call failed, said nothing of use or
    /// has not come by its deadline. Never waits longer.
    Task<std::vector<std::string>> lines();
    /// Nobody wants them any more: ends the call and the waiting.
    void give_up();

private:
    friend class Rewriter;
    void end(std::vector<std::string> lines);

    std::shared_ptr<llm::Cancellation> cancellation_ = std::make_shared<llm::Cancellation>();
    net::Timer over_;  // expires at the deadline
    bool done_ = false;
    std::vector<std::string> lines_;
};

/// Has the model say in which other words questions are to be looked for. Rests for a while when calls keep
/// ending without any, so that a model that is too slow, or thinks before it speaks, delays few answers. One
/// per loop.
class Rewriter {
public:
    static constexpr std::chrono::milliseconds deadline{700};
    static constexpr int most_at_once = 64;

    /// `provider` null: nothing is ever asked. What it is given must outlive it.
    Rewriter(Executor executor, llm::Provider* provider, access::TokenBudget& budget,
             metrics::Registry& registry)
        : executor_(std::move(executor)), provider_(provider), budget_(budget), registry_(registry) {}
    Rewriter(const Rewriter&) = delete;

    /// Begins a call whose tokens count for `owner`. Null when the model is not asked: there is none, its
    /// last call failed, or too many are under way.
    std::shared_ptr<Rewriting> begin(UserId owner, const std::vector<Turn>& history,
                                     const std::string& question, const Origin& origin);

private:
    Task<void> run(std::shared_ptr<Rewriting> rewriting, UserId owner, llm::ChatRequest request);
    void settle(Rewriting& rewriting, const llm::Outcome& outcome, const std::string& text);
    void count(const char* outcome);

    Executor executor_;
    llm::Provider* provider_;
    access::TokenBudget& budget_;
    metrics::Registry& registry_;
    llm::Circuit use_;  // of these calls alone: whether they come to anything
    int running_ = 0;
};

}  // namespace bb::tutor
