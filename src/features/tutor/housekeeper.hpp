#pragma once
#include <chrono>
#include <string>
#include <unordered_set>

#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/tutor/reply_board.hpp"

namespace bb::tutor {

/// Says in the database that this server runs, and ends the replies of servers that died: their text so far
/// is kept and marked interrupted. Removes what was deleted long ago. One per process, on one of its loops.
class Housekeeper {
public:
    /// `home` is home_name(): a dead server of the same home is recognised at once.
    Housekeeper(db::Database& db, ReplyBoard& board, std::string home)
        : db_(db), board_(board), home_(std::move(home)) {}

    /// Signs this server in and ends what its predecessor left. Throws when the database is away.
    Task<void> begin();
    /// Goes on doing so every few seconds; never returns.
    Task<void> keep();

private:
    Task<void> renew();
    Task<void> bury_predecessors();
    Task<void> end_orphans();
    Task<void> end_strays();
    Task<void> round();

    db::Database& db_;
    ReplyBoard& board_;
    std::string home_;
    std::chrono::steady_clock::time_point healthy_since_{};  // renewed without a gap since
    std::unordered_set<MessageId> strays_;  // rows of ours that nobody wrote at the last look
    int rounds_ = 0;
    int next_purge_ = 12;
};

}  // namespace bb::tutor
