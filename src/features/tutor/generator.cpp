#include "features/tutor/generator.hpp"

#include <utility>

#include "base/core/log.hpp"
#include "base/core/utf8.hpp"
#include "base/net/timer.hpp"
#include "features/tutor/asking.hpp"
#include "features/tutor/proof.hpp"

namespace bb::tutor {
Generator::Generator(Executor executor, db::Database& db, materials::Search& search, llm::Provider* provider,
                     access::TokenBudget& budget, Replies& replies)
    : executor_(executor),
      threads_(db),
      exchange_(db),
      search_(search),
      provider_(provider),
      budget_(budget),
      replies_(replies),
      rewriter_(executor, provider, budget, replies.metrics().registry) {}

Task<Result<access::TokenBudget::Reservation>> Generator::reserve(UserId owner, const std::string& question,
                                                                  std::string request) {
    if (!provider_) co_return access::TokenBudget::Reservation();
    co_return co_await budget_.reserve(owner.value, expected_tokens(question), std::move(request));
}

std::shared_ptr<SearchAhead> Generator::search_ahead(UserId owner, const std::string& question,
                                                     std::string request) {
    if (!stands_alone(question)) return nullptr;
    auto ahead = std::make_shared<SearchAhead>(executor_, owner, search_text({}, question), request);
    net::spawn(executor_, SearchAhead::run(ahead, search_, passages_wanted), std::move(request));
    return ahead;
}

void Generator::begin(Job job) {
    auto request = job.live->head().origin.request;
    net::spawn(executor_, write(std::move(job)), std::move(request));
}

Task<void> Generator::write(Job job) {
    const auto live = job.live;
    const auto head = live->head();
    const bool first_question = job.history.empty();
    Ending ending;
    try {
        ending = co_await compose(job);
    } catch (const std::exception& fault) {
        log::error("reply failed",
                   {{"request", head.origin.request}, {"fault", fault.what()}, {"mode", head.mode}});
        ending.state = ReplyState::failed;
        ending.error = llm::sentence_for(llm::Fault::cut_off, job.language);
        ending.finish_reason = "error";
    }
    ending.reply = head.id;
    ending.request = head.origin.request;
    ending.text = live->text();
    ending.sources = live->sources();
    const auto proof = check_reply(ending.text, ending.sources);
    ending.proof = proof_part_json(proof);
    replies_.metrics().cited(proof);
    const auto answer = std::string(utf8::prefix(ending.text, 1000));
    const auto state = co_await replies_.finish(live, std::move(ending));
    if (provider_ && job.untitled && first_question && state == ReplyState::complete)
        co_await name_thread(head.owner, head.thread, std::move(job.question), answer,
                             std::move(job.language), head.origin);
}

Task<Ending> Generator::compose(Job& job) {
    job.live->stage("searching");
    if (job.choose) {
        co_await exchange_.choose(job.live->head().owner, job.live->head().thread, *job.choose);
        job.materials = *job.choose;
        job.chosen = !job.materials.empty();
    }
    auto found = co_await find_passages(job);
    if (!provider_) co_return co_await quote(job, std::move(found));
    // Where nothing fits, a model could only make something up. Whether what was found by meaning does, the
    // model has to judge.
    if (job.only_materials && !found.answerable && !found.by_meaning && job.live->text().empty())
        co_return found_nothing(job);
    job.live->stage("thinking");
    co_return co_await ask_model(job, std::move(found));
}

}  // namespace bb::tutor
