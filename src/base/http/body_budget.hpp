#pragma once
#include <atomic>
#include <cstddef>

namespace bb::http {

/// Bytes of request bodies that the loops of one process hold in memory together. Safe from any thread.
class BodyBudget {
public:
    explicit BodyBudget(std::size_t limit) : limit_(limit) {}
    BodyBudget(const BodyBudget&) = delete;

    /// False, and nothing taken, when that is more than is left.
    bool take(std::size_t bytes) {
        // Never over the limit, not for a moment: another would be refused for it.
        auto held = held_.load(std::memory_order_relaxed);
        do {
            if (bytes > limit_ || held > limit_ - bytes) return false;
        } while (!held_.compare_exchange_weak(held, held + bytes, std::memory_order_relaxed));
        return true;
    }
    /// Whether `bytes` are left at this moment.
    bool has_room(std::size_t bytes) const {
        return bytes <= limit_ && held_.load(std::memory_order_relaxed) <= limit_ - bytes;
    }
    void give(std::size_t bytes) { held_.fetch_sub(bytes, std::memory_order_relaxed); }

private:
    const std::size_t limit_;
    std::atomic<std::size_t> held_{0};
};

/// What one request has taken of the budget, given back at its end. What came with the head costs nothing:
/// the connection holds as much in any case.
class BodyShare {
public:
    explicit BodyShare(BodyBudget& budget) : budget_(budget) {}
    ~BodyShare() {
        if (taken_ > 0) budget_.give(taken_);
    }
    BodyShare(const BodyShare&) = delete;

    bool has_room(std::size_t bytes) const { return budget_.has_room(bytes); }
    /// Takes `bytes` more; false when they are not there to take.
    bool grow(std::size_t bytes) {
        if (!budget_.take(bytes)) return false;
        taken_ += bytes;
        return true;
    }

private:
    BodyBudget& budget_;
    std::size_t taken_ = 0;
};

}  // namespace bb::http
