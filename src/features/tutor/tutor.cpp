#include "features/tutor/tutor.hpp"

#include <utility>

#include "base/net/timer.hpp"
#include "features/tutor/routes.hpp"

namespace bb::tutor {

Tutor::Tutor(Executor executor, db::Database& db, materials::Search& search, llm::Provider* provider,
             access::TokenBudget& budget, ReplyBoard& board, metrics::Registry& registry, std::string home)
    : executor_(executor),
      db_(db),
      budget_(budget),
      replies_(executor, db, board, registry),
      generator_(executor, db, search, provider, budget, replies_),
      chat_(db, replies_, generator_),
      completion_(executor, db, provider, budget),
      housekeeper_(db, board, std::move(home)) {}

void Tutor::bind_routes(http::Router& router) {
    tutor::bind_routes(router, {db_, replies_, chat_, budget_});
    completion_.bind_route(router);
}

void Tutor::keep_house() {
    net::spawn(executor_, housekeeper_.keep());
}

}  // namespace bb::tutor
