#pragma once
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/core/metrics.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/tutor/follower.hpp"
#include "features/tutor/live_reply.hpp"
#include "features/tutor/proof.hpp"
#include "features/tutor/reply_board.hpp"
#include "features/tutor/reply_store.hpp"
#include "features/tutor/signal.hpp"

namespace bb::tutor {

/// What is counted about replies.
struct ReplyMetrics {
    explicit ReplyMetrics(metrics::Registry& registry);
    void ended(ReplyState state, const std::string& mode);
    void cited(const Proof& proof);

    metrics::Gauge active_replies;
    metrics::Gauge active_streams;
    metrics::Histogram first_token;
    metrics::Registry& registry;
};

/// The replies that one loop writes: keeps them, stores them while they grow, lets people follow and stop
/// them. Lives as long as its loop; every function but `executor` belongs to that loop.
class Replies {
public:
    Replies(Executor executor, db::Database& db, ReplyBoard& board, metrics::Registry& registry);
    Replies(const Replies&) = delete;

    Executor executor() const { return executor_; }
    ReplyBoard& board() { return board_; }
    ReplyStore& store() { return store_; }
    ReplyMetrics& metrics() { return metrics_; }

    /// Begins to store live text every 200 ms.
    void start();
    /// Waits until every reply of this loop has ended, at most `limit`; then the rest is stored as
    /// interrupted. Close the board first.
    Task<void> drain(std::chrono::milliseconds limit);

    /// Takes a reply in that is stored as streaming; `text` and `sources` are what it holds already.
    std::shared_ptr<LiveReply> open(ReplyHead head, std::string text, std::string sources,
                                    ReplyBoard::Seat seat);
    /// Stores the ending (for as long as it takes), then tells the followers and lets the reply go. When the
    /// row has ended otherwise meanwhile, followers are told what it says. Returns the state they were told.
    Task<ReplyState> finish(std::shared_ptr<LiveReply> reply, Ending ending);

    /// Sends a reply to `stream`, wherever it is written or stored: what there is, then what comes.
    void follow(UserId owner, MessageId reply, std::shared_ptr<http::EventStream> stream);
    /// Stops the reply that runs in the thread when it is `wanted` (any when empty), and returns when that is
    /// stored. Nothing happens when none runs.
    Task<void> stop(UserId owner, ThreadId thread, std::string wanted);

    /// A notification of channel reply_follow, reply_progress or reply_stop; others are ignored.
    void notified(std::string_view channel, std::string_view payload);

private:
    void stop_here(MessageId reply, ReplyState state);
    void followed_elsewhere(MessageId reply);
    void wake(MessageId reply);
    struct Waiting;

    /// False when the reply is not (or no longer) written here.
    bool attach(MessageId reply, std::shared_ptr<Follower> follower);
    Task<void> follow_rows(UserId owner, MessageId reply, std::shared_ptr<http::EventStream> stream);
    Task<void> keep_storing();
    Task<void> store_growth();
    Task<void> store_endings();
    Task<void> store_batch(std::vector<std::shared_ptr<Waiting>> batch);
    Task<bool> try_to_end(std::vector<std::shared_ptr<Waiting>>& batch);
    Task<Ending> store_end(Ending ending);
    bool remote(MessageId reply) const;

    Executor executor_;
    ReplyBoard& board_;
    ReplyStore store_;
    ReplyMetrics metrics_;
    std::unordered_map<MessageId, std::shared_ptr<LiveReply>> live_;
    std::deque<std::shared_ptr<Waiting>> endings_;
    bool storing_endings_ = false;
    std::unordered_multimap<MessageId, std::shared_ptr<Signal>> progress_;
};

}  // namespace bb::tutor
