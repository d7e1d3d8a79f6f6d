#pragma once
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/core/error.hpp"
#include "features/tutor/types.hpp"

namespace bb::tutor {

class Replies;

/// How much is written at once.
struct ReplyLimits {
    std::size_t per_process = 8000;
    std::size_t per_person = 4000;
    std::size_t answer_bytes = 256 * 1024;
};

/// Who writes which reply in this process: the meeting point of its loops. Safe from any thread.
class ReplyBoard {
public:
    explicit ReplyBoard(ReplyLimits limits = {}) : limits_(limits), boot_(Uuid::make()) {}
    ReplyBoard(const ReplyBoard&) = delete;

    /// Room for one reply, given back when it is destroyed.
    class Seat {
    public:
        Seat() = default;
        Seat(Seat&& other) noexcept;
        Seat& operator=(Seat&& other) noexcept;
        ~Seat();

    private:
        friend class ReplyBoard;
        Seat(ReplyBoard* board, UserId owner) : board_(board), owner_(owner) {}
        ReplyBoard* board_ = nullptr;
        UserId owner_;
    };
    /// Errors: unavailable when the server is full or stops, rate_limited when the person has too many.
    Result<Seat> take_seat(UserId owner);

    void add(MessageId reply, Replies* loop);
    void remove(MessageId reply);
    /// The loop that writes the reply, or null.
    Replies* find(MessageId reply) const;
    std::size_t size() const;

    /// From now on no reply begins.
    void close() { closed_ = true; }

    const ReplyLimits& limits() const { return limits_; }
    /// Identifies this run of the server in the rows of its replies.
    Uuid boot() const { return boot_; }

private:
    void leave(UserId owner);

    const ReplyLimits limits_;
    const Uuid boot_;
    std::atomic<bool> closed_ = false;
    mutable std::mutex mutex_;
    std::unordered_map<MessageId, Replies*> writers_;
    std::unordered_map<UserId, std::size_t> per_person_;
    std::size_t seats_ = 0;
};

}  // namespace bb::tutor
