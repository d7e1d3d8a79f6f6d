#include "features/tutor/tutor.hpp"

#include <utility>

#include "base/net/timer.hpp"
#include "features/tutor/routes.hpp"

namespace bb::tutor {

Tutor::Tutor(Executor executor, db::Database& db, materials::Search& search, llm::Provider* provider,
             ReplyBoard& board, metrics::Registry& registry, std::string home)
    : executor_(executor),
      db_(db),
      replies_(executor, db, board, registry),
      generator_(executor, db, search, provider, replies_),
      chat_(db, replies_, generator_),
      completion_(executor, db, provider),
      housekeeper_(db, board, std::move(home)) {}

void Tutor::bind_routes(http::Router& router) {
    tutor::bind_routes(router, {db_, replies_, chat_});
    completion_.bind_route(router);
}

void Tutor::keep_house() {
    net::spawn(executor_, housekeeper_.keep());
}

}  // namespace bb::tutor
