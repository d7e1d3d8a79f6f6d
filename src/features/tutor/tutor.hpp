#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "base/core/metrics.hpp"
#include "base/db/database.hpp"
#include "base/http/router.hpp"
#include "features/materials/search.hpp"
#include "features/tutor/chat.hpp"
#include "features/tutor/completion.hpp"
#include "features/tutor/generator.hpp"
#include "features/tutor/housekeeper.hpp"
#include "features/tutor/replies.hpp"
#include "features/tutor/reply_board.hpp"
#include "services/access/token_budget.hpp"
#include "services/llm/provider.hpp"

namespace bb::tutor {

/// Everything the tutor needs on one loop. The board is shared by all loops of the process; forward the
/// notifications of `channels` to each of them.
class Tutor {
public:
    static constexpr std::string_view channels[] = {"reply_follow", "reply_progress", "reply_stop"};

    /// `provider` null: extractive. `home` is home_name().
    Tutor(Executor executor, db::Database& db, materials::Search& search, llm::Provider* provider,
          access::TokenBudget& budget, ReplyBoard& board, metrics::Registry& registry, std::string home);

    void bind_routes(http::Router& router);
    /// On the first loop alone, before it serves: ends what a killed predecessor left. Throws when the
    /// database is away; keep_house() then does it later.
    Task<void> take_over() { return housekeeper_.begin(); }
    /// On the first loop alone: goes on doing so in the background.
    void keep_house();
    /// On every loop: begins to store live replies.
    void start() { replies_.start(); }
    void notified(std::string_view channel, std::string_view payload) { replies_.notified(channel, payload); }
    /// Lets replies end within `limit`, then keeps what they say so far as interrupted. Close the board
    /// first.
    Task<void> drain(std::chrono::milliseconds limit) { return replies_.drain(limit); }

private:
    Executor executor_;
    db::Database& db_;
    access::TokenBudget& budget_;
    Replies replies_;
    Generator generator_;
    Chat chat_;
    Completion completion_;
    Housekeeper housekeeper_;
};

}  // namespace bb::tutor
