#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "features/tutor/follower.hpp"
#include "features/tutor/reply_board.hpp"
#include "features/tutor/reply_store.hpp"
#include "features/tutor/types.hpp"
#include "features/tutor/ui_stream.hpp"
#include "services/llm/provider.hpp"

namespace bb::tutor {

/// What never changes about a reply.
struct ReplyHead {
    MessageId id;
    ThreadId thread;
    UserId owner;
    std::string client_id;
    std::string mode;
    std::string model;
    Time created_at;
    Origin origin = {};
};

/// `messageMetadata` of the start part.
std::string start_metadata(const std::string& mode, const std::string& model, Time created_at);
/// `messageMetadata` of the finish part.
std::string finish_metadata(const Ending& ending);
/// The parts that end a stream, after its text: `open_text` when a text block is open.
void write_ending(UiStream& out, const Ending& ending, bool open_text);

/// A reply while it is written: its text is kept once and goes to whoever follows. Used only on its own loop.
class LiveReply {
public:
    LiveReply(ReplyHead head, std::string text, std::string sources, ReplyBoard::Seat seat);

    const ReplyHead& head() const { return head_; }
    const std::string& text() const { return text_; }
    /// JSON array of the cited sources, or empty.
    std::string sources() const;
    std::size_t followers() const { return followers_.size(); }
    /// Stops the model's call; `state` says what the reply then becomes. The first call counts.
    void stop(ReplyState state);
    /// Set once somebody stopped it.
    std::optional<ReplyState> stopped() const { return stopped_; }
    const std::shared_ptr<llm::Cancellation>& cancellation() const { return cancellation_; }

    /// Replays what there is and goes on with what comes.
    void follow(std::shared_ptr<Follower> follower);
    void unfollow(const Follower* follower);
    /// Tells followers what is being done before the text: "searching" or "thinking".
    void stage(std::string_view stage);
    /// Adds text. Bytes that PostgreSQL or JSON would refuse are dropped.
    void append(std::string_view piece);
    void cite(const SourceDocument& source);
    /// Sends the last parts and lets the followers go. The ending must be stored before.
    void end(const Ending& ending);

    /// From now on nothing is handed out: the ending stores all of it.
    void freeze() { frozen_ = true; }
    /// What has not been handed out yet, as one chunk; the same one again until `chunk_stored`.
    std::optional<Chunk> next_chunk();
    void chunk_stored();

    /// Somebody on another node follows until this moment.
    std::chrono::steady_clock::time_point remote_until{};

private:
    void send(bool urgent);

    ReplyHead head_;
    std::string text_;
    std::vector<std::string> sources_;  // each a JSON part
    std::string stage_;
    UiStream out_{100};  // a replay takes the numbers below
    std::vector<std::shared_ptr<Follower>> followers_;
    std::shared_ptr<llm::Cancellation> cancellation_ = std::make_shared<llm::Cancellation>();
    std::optional<ReplyState> stopped_;
    std::size_t stored_text_ = 0;  // bytes and sources known to be in the database
    std::size_t stored_sources_ = 0;
    std::size_t taken_text_ = 0;  // and those that were handed out
    std::size_t taken_sources_ = 0;
    bool frozen_ = false;
    ReplyBoard::Seat seat_;
};

}  // namespace bb::tutor
