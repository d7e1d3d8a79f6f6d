#include <utility>

#include "base/core/log.hpp"
#include "base/core/utf8.hpp"
#include "features/tutor/asking.hpp"
#include "features/tutor/generator.hpp"
#include "features/tutor/search_words.hpp"
#include "features/tutor/writer.hpp"

namespace bb::tutor {
namespace {

constexpr int titles_at_once = 8;

/// Counts the time to the first text.
class FirstToken {
public:
    FirstToken(metrics::Histogram histogram, std::chrono::steady_clock::time_point received)
        : histogram_(std::move(histogram)), received_(received) {}

    void seen() {
        if (std::exchange(seen_, true)) return;
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - received_;
        histogram_.observe(passed.count());
    }

private:
    metrics::Histogram histogram_;
    std::chrono::steady_clock::time_point received_;
    bool seen_ = false;
};

Ending ending_of(const llm::Outcome& outcome, const std::string& language) {
    Ending ending;
    ending.finish_reason = outcome.finish_reason;
    if (outcome.usage) {
        ending.prompt_tokens = outcome.usage->prompt_tokens;
        ending.answer_tokens = outcome.usage->completion_tokens;
    }
    if (outcome.fault) {
        ending.state = ReplyState::failed;
        ending.finish_reason = "error";
        ending.error = llm::sentence_for(*outcome.fault, language);
    }
    return ending;
}

}  // namespace

Task<materials::PassageSearch> Generator::find_passages(Job& job) {
    materials::PassageSearch found;
    // Chosen materials that are all gone leave nothing to read; an empty list would mean all of them.
    if (job.chosen && job.materials.empty()) co_return found;
    const auto when = provider_ ? when_to_rewrite(job.history, job.question) : Rewrite::never;
    try {
        std::shared_ptr<Rewriting> rewriting;
        if (when == Rewrite::at_once) rewriting = co_await begin_rewriting(job);
        found = co_await find_by_question(job);
        if (when == Rewrite::when_not_found && !found.answerable) rewriting = co_await begin_rewriting(job);
        if (rewriting) co_await widen(job, std::move(rewriting), found);
    } catch (const std::exception& fault) {
        // An answer without sources is better than none.
        log::warn("passages not searched",
                  {{"request", job.live->head().origin.request}, {"fault", fault.what()}});
    }
    found.ranks.reset();  // not needed any more
    co_return found;
}

/// By the question's own words, and by what it means.
Task<materials::PassageSearch> Generator::find_by_question(Job& job) {
    auto words = search_text(job.history, job.question);
    if (job.ahead && !job.chosen && job.ahead->words() == words) {
        auto ready = co_await job.ahead->take();
        if (ready) co_return std::move(*ready);
    }
    co_return co_await search_.passages(job.live->head().owner, std::move(words), job.materials,
                                        passages_wanted);
}

/// Null when there is nothing that other words could find, or the model is not asked.
Task<std::shared_ptr<Rewriting>> Generator::begin_rewriting(Job& job) {
    const auto& head = job.live->head();
    const bool anything = co_await search_.anything(head.owner, job.materials);
    if (!anything) co_return std::shared_ptr<Rewriting>();
    co_return rewriter_.begin(head.owner, job.history, job.question, head.origin);
}

/// Adds to `found` what other words find, once they are there; changes nothing when they do not come.
Task<void> Generator::widen(Job& job, std::shared_ptr<Rewriting> rewriting, materials::PassageSearch& found) {
    const auto stop = job.live->cancellation();
    stop->on_cancel([rewriting] { rewriting->give_up(); });
    auto lines = co_await rewriting->lines();
    stop->on_cancel({});
    if (lines.empty()) co_return;
    found = co_await search_.widened(job.live->head().owner, found, std::move(lines), job.materials,
                                     passages_wanted);
}

Task<Ending> Generator::quote(Job& job, materials::PassageSearch found) {
    FirstToken first(replies_.metrics().first_token, job.received);
    Writer writer(job.live, sources_of(found.passages));
    writer.write(
        llm::extractive_answer(job.question, quotable(found.passages), found.answerable, job.language));
    first.seen();
    Ending ending;
    ending.finish_reason = "stop";
    co_return ending;
}

Ending Generator::found_nothing(const Job& job) {
    FirstToken first(replies_.metrics().first_token, job.received);
    job.live->append(nothing_in_materials(job.language));
    first.seen();
    Ending ending;
    ending.finish_reason = "stop";
    return ending;
}

Task<Ending> Generator::ask_model(Job& job, materials::PassageSearch found) {
    const auto live = job.live;
    FirstToken first(replies_.metrics().first_token, job.received);
    auto prompt = build_prompt(prompt_input(job, found));
    // What did not fit into the prompt cannot be cited, and what is not needed any more should not stay in
    // memory for as long as the model writes.
    if (found.passages.size() > prompt.passages) found.passages.resize(prompt.passages);
    const auto prompt_tokens = estimated_tokens(prompt.request);
    Writer writer(live, sources_of(found.passages));
    std::vector<materials::FoundPassage>().swap(found.passages);
    std::vector<Turn>().swap(job.history);
    const auto longest = replies_.board().limits().answer_bytes;
    bool too_long = false;
    auto on_text = [&](std::string_view piece) {
        if (too_long || live->stopped()) return;
        writer.write(piece);
        first.seen();
        if (live->text().size() < longest) return;
        too_long = true;
        live->cancellation()->cancel();
    };
    prompt.request.origin = live->head().origin;
    const auto outcome = co_await provider_->chat(std::move(prompt.request), on_text, live->cancellation());
    job.tokens.settle(tokens_of(outcome, prompt_tokens, live->text().size()));
    auto ending = ending_of(outcome, job.language);
    if (too_long) {
        ending.state = ReplyState::complete;
        ending.finish_reason = "length";
    } else if (live->stopped()) {
        ending.state = *live->stopped();
        ending.finish_reason = "other";
        ending.error.clear();
    } else if (outcome.fault) {
        log::warn("model failed", {{"request", live->head().origin.request},
                                   {"fault", outcome.fault_detail},
                                   {"state", provider_->state()}});
    }
    co_return ending;
}

// In the background and bounded: a title is never worth a queue at the model.
Task<void> Generator::name_thread(UserId owner, ThreadId thread, std::string question, std::string answer,
                                  std::string language, Origin origin) {
    if (naming_ >= titles_at_once) co_return;
    struct Counted {
        int& count;
        explicit Counted(int& count) : count(count) { ++count; }
        ~Counted() { --count; }
    } counted(naming_);
    std::string title;
    auto request = title_prompt(question, answer, language);
    request.origin = origin;
    const auto prompt_tokens = estimated_tokens(request);
    auto cancellation = std::make_shared<llm::Cancellation>();
    auto on_text = [&title, &cancellation](std::string_view piece) {
        title += piece;
        if (title.size() > 400) cancellation->cancel();
    };
    const auto outcome = co_await provider_->chat(std::move(request), on_text, cancellation);
    budget_.add(owner.value, tokens_of(outcome, prompt_tokens, title.size()), origin.request);
    if (outcome.fault || outcome.cancelled) co_return;
    title = title_from_model(title);
    if (!title.empty()) co_await threads_.suggest_title(owner, thread, title);
}

}  // namespace bb::tutor
