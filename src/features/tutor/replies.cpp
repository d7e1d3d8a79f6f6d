#include "features/tutor/replies.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "base/core/log.hpp"
#include "base/net/timer.hpp"

namespace bb::tutor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr milliseconds store_every{200};
constexpr seconds remote_follower_lasts{25};

}  // namespace

ReplyMetrics::ReplyMetrics(metrics::Registry& registry)
    : active_replies(registry.gauge("brainbytes_active_replies", "Replies being written.")),
      active_streams(registry.gauge("brainbytes_active_streams", "Connections that follow a reply.")),
      first_token(registry.histogram("brainbytes_time_to_first_token_seconds",
                                     "From the request to the first text of the reply.",
                                     metrics::latency_buckets())),
      registry(registry) {}

void ReplyMetrics::ended(ReplyState state, const std::string& mode) {
    metrics::Labels labels;
    labels.emplace_back("outcome", std::string(name_of(state)));
    labels.emplace_back("mode", mode);
    registry.counter("brainbytes_replies_total", "Replies by how they ended.", labels).add();
}

void ReplyMetrics::cited(const Proof& proof) {
    const auto count = [&](const char* verdict, std::size_t sentences) {
        if (sentences == 0) return;
        metrics::Labels labels;
        labels.emplace_back("verdict", verdict);
        registry
            .counter("brainbytes_cited_sentences_total",
                     "Cited sentences of replies by how they stand to the passages they cite.", labels)
            .add(sentences);
    };
    count("supported", static_cast<std::size_t>(proof.supported));
    count("unsupported", proof.unsupported.size());
    count("unchecked", static_cast<std::size_t>(proof.unchecked));
}

Replies::Replies(Executor executor, db::Database& db, ReplyBoard& board, metrics::Registry& registry)
    : executor_(executor), board_(board), store_(db), metrics_(registry) {}

void Replies::start() {
    net::spawn(executor_, keep_storing());
}

std::shared_ptr<LiveReply> Replies::open(ReplyHead head, std::string text, std::string sources,
                                         ReplyBoard::Seat seat) {
    const auto id = head.id;
    auto reply =
        std::make_shared<LiveReply>(std::move(head), std::move(text), std::move(sources), std::move(seat));
    live_[id] = reply;
    board_.add(id, this);
    metrics_.active_replies.add(1);
    return reply;
}

Task<ReplyState> Replies::finish(std::shared_ptr<LiveReply> reply, Ending ending) {
    reply->freeze();
    const auto told = co_await store_end(std::move(ending));
    const auto id = reply->head().id;
    live_.erase(id);
    board_.remove(id);
    metrics_.active_replies.add(-1);
    metrics_.ended(told.state, reply->head().mode);
    reply->end(told);
    co_return told.state;
}

bool Replies::attach(MessageId reply, std::shared_ptr<Follower> follower) {
    const auto found = live_.find(reply);
    if (found == live_.end()) return false;
    // Posted, because a stream may report its end while it is being written to.
    std::weak_ptr<LiveReply> weak = found->second;
    const auto* raw = follower.get();
    follower->on_gone([weak, raw, executor = executor_] {
        boost::asio::post(executor, [weak, raw] {
            if (const auto live = weak.lock()) live->unfollow(raw);
        });
    });
    found->second->follow(std::move(follower));
    return true;
}

void Replies::follow(UserId owner, MessageId reply, std::shared_ptr<http::EventStream> stream) {
    if (attach(reply, local_follower(metrics_.active_streams, stream))) return;
    auto* writer = board_.find(reply);
    if (!writer || writer == this) {
        net::spawn(executor_, follow_rows(owner, reply, std::move(stream)));
        return;
    }
    auto follower = relay_follower(metrics_.active_streams, writer->executor(), executor_, stream);
    boost::asio::post(writer->executor(), [this, writer, owner, reply, follower, stream]() mutable {
        const bool found = writer->attach(reply, std::move(follower));
        // The stream goes home in any case, so that its last owner is on its own loop.
        boost::asio::post(executor_, [this, found, owner, reply, stream = std::move(stream)]() mutable {
            if (!found) net::spawn(executor_, follow_rows(owner, reply, std::move(stream)));
        });
    });
}

void Replies::notified(std::string_view channel, std::string_view payload) {
    const auto reply = MessageId::parse(payload);
    if (!reply) return;
    if (channel == "reply_progress") wake(*reply);
    if (channel == "reply_stop") stop_here(*reply, ReplyState::stopped);
    if (channel == "reply_follow") followed_elsewhere(*reply);
}

void Replies::stop_here(MessageId reply, ReplyState state) {
    const auto found = live_.find(reply);
    if (found != live_.end()) found->second->stop(state);
}

void Replies::followed_elsewhere(MessageId reply) {
    const auto found = live_.find(reply);
    if (found != live_.end()) found->second->remote_until = steady_clock::now() + remote_follower_lasts;
}

Task<void> Replies::stop(UserId owner, ThreadId thread, std::string wanted) {
    const auto running = co_await store_.running(owner, thread);
    if (!running) co_return;
    const auto reply = *running;
    const auto stored = co_await store_.read(owner, reply);
    if (!stored || (!wanted.empty() && stored->client_id != wanted)) co_return;

    if (auto* writer = board_.find(reply)) {
        boost::asio::post(writer->executor(),
                          [writer, reply] { writer->stop_here(reply, ReplyState::stopped); });
        for (int i = 0; i < 600 && board_.find(reply); ++i) co_await net::sleep_for(milliseconds(5));
        co_return;
    }
    co_await store_.notify("reply_stop", reply);
    for (int i = 0; i < 60; ++i) {
        co_await net::sleep_for(milliseconds(50));
        const auto still = co_await store_.running(owner, thread);
        if (still != running) co_return;
    }
}

Task<void> Replies::drain(milliseconds limit) {
    const auto deadline = steady_clock::now() + limit;
    while (!live_.empty() && steady_clock::now() < deadline) co_await net::sleep_for(milliseconds(20));
    for (const auto& [id, reply] : live_) reply->stop(ReplyState::interrupted);
    const auto stored_by = steady_clock::now() + seconds(3);
    while (!live_.empty() && steady_clock::now() < stored_by) co_await net::sleep_for(milliseconds(10));
}

Task<void> Replies::keep_storing() {
    for (;;) {
        co_await net::sleep_for(store_every);
        if (live_.empty()) continue;
        try {
            co_await store_growth();
        } catch (const std::exception& fault) {
            // The same text goes again with the next tick.
            log::warn("reply text not stored", {{"fault", fault.what()}, {"replies", live_.size()}});
        }
    }
}

Task<void> Replies::store_growth() {
    std::vector<Chunk> chunks;
    std::vector<std::shared_ptr<LiveReply>> grown;
    std::vector<Uuid> notify;
    for (const auto& [id, reply] : live_) {
        auto chunk = reply->next_chunk();
        if (!chunk) continue;
        chunks.push_back(std::move(*chunk));
        grown.push_back(reply);
        if (remote(id)) notify.push_back(id.value);
    }
    if (chunks.empty()) co_return;
    co_await store_.append(board_.boot(), std::move(chunks), std::move(notify));
    for (const auto& reply : grown) reply->chunk_stored();
}

bool Replies::remote(MessageId reply) const {
    const auto found = live_.find(reply);
    return found != live_.end() && found->second->remote_until > steady_clock::now();
}

}  // namespace bb::tutor
