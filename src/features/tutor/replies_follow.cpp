#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "base/core/log.hpp"
#include "base/net/timer.hpp"
#include "features/tutor/replies.hpp"

namespace bb::tutor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::string_view text_block = "t1";
constexpr seconds say_so_every{10};
constexpr milliseconds look_every{1000};

/// Turns successive states of a stored reply into the parts of one stream.
class RowReplay {
public:
    /// The bytes that bring a reader up to date.
    std::string advance(const StoredReply& reply) {
        if (!started_)
            out_.start(reply.client_id, start_metadata(reply.mode, reply.model, reply.created_at))
                .start_step();
        started_ = true;
        if (reply.text.size() > text_) {
            if (text_ == 0) out_.text_start(text_block);
            out_.text_delta(text_block, std::string_view(reply.text).substr(text_));
            text_ = reply.text.size();
        }
        const auto parts = boost::json::parse(reply.sources).as_array();
        for (; sources_ < parts.size(); ++sources_) out_.raw(boost::json::serialize(parts[sources_]));
        if (reply.state != ReplyState::streaming) write_ending(out_, ending_of(reply), text_ > 0);
        return out_.take();
    }

private:
    static Ending ending_of(const StoredReply& reply) {
        Ending ending;
        ending.reply = reply.id;
        ending.state = reply.state;
        ending.proof = reply.proof;
        ending.error = reply.error;
        ending.finish_reason = reply.finish_reason;
        ending.prompt_tokens = reply.prompt_tokens.value_or(-1);
        ending.answer_tokens = reply.answer_tokens.value_or(-1);
        return ending;
    }

    UiStream out_{0};
    bool started_ = false;
    std::size_t text_ = 0;  // bytes sent
    std::size_t sources_ = 0;
};

}  // namespace

void Replies::wake(MessageId reply) {
    const auto [from, to] = progress_.equal_range(reply);
    for (auto at = from; at != to; ++at) at->second->set();
}

Task<void> Replies::follow_rows(UserId owner, MessageId reply, std::shared_ptr<http::EventStream> stream) {
    struct Registered {
        Replies& replies;
        std::unordered_multimap<MessageId, std::shared_ptr<Signal>>::iterator at;
        ~Registered() { replies.progress_.erase(at); }
    };
    auto progress = std::make_shared<Signal>(executor_);
    stream->on_gone([progress] { progress->set(); });
    Registered registered{*this, progress_.emplace(reply, progress)};

    const Counted counted(metrics_.active_streams);
    RowReplay replay;
    steady_clock::time_point said{};
    while (stream->is_open()) {
        progress->reset();
        bool over = false;
        try {
            const auto stored = co_await store_.read(owner, reply);
            over = !stored || stored->state != ReplyState::streaming;
            if (stored && !stream->write_now(replay.advance(*stored))) co_return;
            if (!over && steady_clock::now() - said > say_so_every) {
                co_await store_.notify("reply_follow", reply);
                said = steady_clock::now();
            }
        } catch (const db::Unavailable&) {
            // The database will be back: go on waiting.
        }
        if (over) break;
        co_await progress->wait_for(look_every);
    }
    stream->close();
}

}  // namespace bb::tutor
