#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

#include "base/core/log.hpp"
#include "base/net/timer.hpp"
#include "features/tutor/replies.hpp"

namespace bb::tutor {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t endings_at_once = 200;
constexpr milliseconds shortest_wait{100};
constexpr milliseconds longest_wait{2000};

/// What is told of a reply that was not ended by this server: what its row says. One that another server
/// writes by now, or that is gone, has been broken off here.
Ending as_stored(const Ending& ours, const std::vector<Ending>& standing) {
    const auto same = [&](const Ending& row) {
        return row.reply == ours.reply;
    };
    const auto row = std::find_if(standing.begin(), standing.end(), same);
    Ending told;
    told.reply = ours.reply;
    told.state = ReplyState::interrupted;
    if (row != standing.end() && row->state != ReplyState::streaming) told = *row;
    told.request = ours.request;
    if (told.state != ours.state)
        log::warn(
            "a reply was ended elsewhere",
            {{"request", ours.request}, {"state", name_of(told.state)}, {"instead", name_of(ours.state)}});
    return told;
}

}  // namespace

/// An ending on its way into the database.
struct Replies::Waiting {
    Waiting(Ending ending, Executor executor) : ending(std::move(ending)), stored(executor) {}
    Ending ending;  // as it is to be stored, then as it was
    Signal stored;
};

// Endings that come while a batch is under way go together in the next: a thousand replies that end at once
// take a few statements.
Task<Ending> Replies::store_end(Ending ending) {
    auto waiting = std::make_shared<Waiting>(std::move(ending), executor_);
    endings_.push_back(waiting);
    if (!storing_endings_) {
        storing_endings_ = true;
        net::spawn(executor_, store_endings());
    }
    co_await waiting->stored.wait();
    co_return std::move(waiting->ending);
}

Task<void> Replies::store_endings() {
    while (!endings_.empty()) {
        std::vector<std::shared_ptr<Waiting>> batch;
        while (!endings_.empty() && batch.size() < endings_at_once) {
            batch.push_back(std::move(endings_.front()));
            endings_.pop_front();
        }
        co_await store_batch(std::move(batch));
    }
    storing_endings_ = false;
}

/// One attempt; false when the database refuses the batch. Throws db::Unavailable.
Task<bool> Replies::try_to_end(std::vector<std::shared_ptr<Waiting>>& batch) {
    std::vector<Ending> endings;
    std::vector<Uuid> notify;
    std::vector<Uuid> missing;
    for (const auto& waiting : batch) {
        endings.push_back(waiting->ending);
        if (remote(waiting->ending.reply)) notify.push_back(waiting->ending.reply.value);
    }
    try {
        const auto ended = co_await store_.end(board_.boot(), std::move(endings), std::move(notify));
        const std::unordered_set<MessageId> known(ended.begin(), ended.end());
        for (const auto& waiting : batch)
            if (!known.contains(waiting->ending.reply)) missing.push_back(waiting->ending.reply.value);
        if (missing.empty()) co_return true;
        const auto standing = co_await store_.standing_of_any_owner(std::move(missing));
        for (const auto& waiting : batch)
            if (!known.contains(waiting->ending.reply))
                waiting->ending = as_stored(waiting->ending, standing);
        co_return true;
    } catch (const db::SqlError& fault) {
        // A batch is tried again one by one, so that a refused reply is told with its request.
        log::error("reply not stored",
                   {{"request", batch.size() == 1 ? batch.front()->ending.request : std::string()},
                    {"sqlstate", fault.sqlstate()},
                    {"replies", batch.size()}});
        co_return false;
    }
}

Task<void> Replies::store_batch(std::vector<std::shared_ptr<Waiting>> batch) {
    std::optional<bool> stored;
    for (auto wait = shortest_wait; !stored; wait = std::min(wait * 2, longest_wait)) {
        try {
            stored = co_await try_to_end(batch);
        } catch (const db::Unavailable&) {
            // It may have been stored: storing an ending twice does no harm.
        }
        if (!stored) co_await net::sleep_for(wait);
    }
    if (!*stored && batch.size() > 1) {
        // One bad ending must not take the others along.
        for (auto& waiting : batch) {
            std::vector<std::shared_ptr<Waiting>> alone;
            alone.push_back(std::move(waiting));
            co_await store_batch(std::move(alone));
        }
        co_return;
    }
    // What was refused is kept as far as its chunks go, by the next round of housekeeping.
    if (!*stored) batch.front()->ending.state = ReplyState::interrupted;
    for (const auto& waiting : batch) waiting->stored.set();
}

}  // namespace bb::tutor
