#include <algorithm>
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

}  // namespace

/// An ending on its way into the database.
struct Replies::Waiting {
    Waiting(Ending ending, Executor executor) : ending(std::move(ending)), stored(executor) {}
    Ending ending;
    Signal stored;
};

// Endings that come while a batch is under way go together in the next: a thousand replies that end at once
// take a few statements.
Task<void> Replies::store_end(Ending ending) {
    auto waiting = std::make_shared<Waiting>(std::move(ending), executor_);
    endings_.push_back(waiting);
    if (!storing_endings_) {
        storing_endings_ = true;
        net::spawn(executor_, store_endings());
    }
    co_await waiting->stored.wait();
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

Task<void> Replies::store_batch(std::vector<std::shared_ptr<Waiting>> batch) {
    std::vector<Ending> endings;
    std::vector<Uuid> notify;
    for (const auto& waiting : batch) {
        endings.push_back(waiting->ending);
        if (remote(waiting->ending.reply)) notify.push_back(waiting->ending.reply.value);
    }
    bool stored = false;
    bool refused = false;
    for (auto wait = shortest_wait; !stored && !refused; wait = std::min(wait * 2, longest_wait)) {
        try {
            co_await store_.end(board_.boot(), endings, notify);
            stored = true;
        } catch (const db::SqlError& fault) {
            log::error("reply not stored", {{"sqlstate", fault.sqlstate()}, {"replies", batch.size()}});
            refused = true;
        } catch (const db::Unavailable&) {
            // It may have been stored: storing an ending twice does no harm.
        }
        if (!stored && !refused) co_await net::sleep_for(wait);
    }
    if (refused && batch.size() > 1) {
        // One bad ending must not take the others along.
        for (auto& waiting : batch) {
            std::vector<std::shared_ptr<Waiting>> alone;
            alone.push_back(std::move(waiting));
            co_await store_batch(std::move(alone));
        }
        co_return;
    }
    for (const auto& waiting : batch) waiting->stored.set();
}

}  // namespace bb::tutor
