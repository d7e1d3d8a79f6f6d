#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/materials/search.hpp"
#include "features/tutor/citations.hpp"
#include "features/tutor/exchange.hpp"
#include "features/tutor/replies.hpp"
#include "features/tutor/rewriting.hpp"
#include "features/tutor/search_ahead.hpp"
#include "features/tutor/threads.hpp"
#include "services/access/token_budget.hpp"
#include "services/llm/provider.hpp"

namespace bb::tutor {

/// A reply to write.
struct Job {
    std::shared_ptr<LiveReply> live;
    std::string question;
    std::vector<Turn> history;  // before the question, oldest first
    bool chosen = false;        // only `materials` may be read
    std::vector<Uuid> materials;
    bool only_materials = false;
    std::optional<std::vector<Uuid>> choose;  // the materials the thread reads from now on
    std::string language;
    bool untitled = false;
    std::shared_ptr<SearchAhead> ahead;  // may be null
    access::TokenBudget::Reservation tokens;
    std::chrono::steady_clock::time_point received;
};

/// Writes replies: finds passages (the model may say by which other words), asks the model (or quotes, when
/// there is none), watches for citations, and names the thread afterwards.
class Generator {
public:
    /// `provider` null: extractive.
    Generator(Executor executor, db::Database& db, materials::Search& search, llm::Provider* provider,
              access::TokenBudget& budget, Replies& replies);
    Generator(const Generator&) = delete;

    std::string mode() const { return provider_ ? "model" : "extractive"; }
    /// Empty without a model.
    std::string model() const { return provider_ ? provider_->model() : std::string(); }

    /// Sets aside what answering `question` may cost; nothing without a model. Errors: rate_limited.
    Task<Result<access::TokenBudget::Reservation>> reserve(UserId owner, const std::string& question,
                                                           std::string request);
    /// Begins to look for passages of the owner's active materials; null for a question that is looked for
    /// together with the one before it.
    std::shared_ptr<SearchAhead> search_ahead(UserId owner, const std::string& question, std::string request);
    /// Writes the reply in the background, whether or not anybody listens.
    void begin(Job job);

private:
    Task<void> write(Job job);
    Task<Ending> compose(Job& job);
    Task<materials::PassageSearch> find_passages(Job& job);
    Task<materials::PassageSearch> find_by_question(Job& job);
    Task<std::shared_ptr<Rewriting>> begin_rewriting(Job& job);
    Task<void> widen(Job& job, std::shared_ptr<Rewriting> rewriting, materials::PassageSearch& found);
    Task<Ending> quote(Job& job, materials::PassageSearch found);
    Ending found_nothing(const Job& job);
    Task<Ending> ask_model(Job& job, materials::PassageSearch found);
    Task<void> name_thread(UserId owner, ThreadId thread, std::string question, std::string answer,
                           std::string language, Origin origin);

    Executor executor_;
    Threads threads_;
    Exchange exchange_;
    materials::Search& search_;
    llm::Provider* provider_;
    access::TokenBudget& budget_;
    Replies& replies_;
    Rewriter rewriter_;
    int naming_ = 0;  // titles under way
};

}  // namespace bb::tutor
