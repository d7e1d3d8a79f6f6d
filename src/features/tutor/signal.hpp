#pragma once
#include <chrono>

#include "base/core/task.hpp"
#include "base/net/timer.hpp"

namespace bb::tutor {

/// Something that happens once and that any number of coroutines of the same loop wait for.
class Signal {
public:
    explicit Signal(Executor executor) : timer_(executor) {}

    void set() {
        set_ = true;
        timer_.cancel();
    }
    /// Makes it wait again.
    void reset() { set_ = false; }
    bool is_set() const { return set_; }

    /// Returns when it is set.
    Task<void> wait() {
        while (!set_) {
            timer_.expires_at(net::Timer::time_point::max());
            co_await timer_.async_wait(use_task_tuple);
        }
    }
    /// Returns when it is set or `limit` has passed. For one waiting coroutine.
    Task<void> wait_for(std::chrono::milliseconds limit) {
        if (set_) co_return;
        timer_.expires_after(limit);
        co_await timer_.async_wait(use_task_tuple);
    }

private:
    net::Timer timer_;
    bool set_ = false;
};

}  // namespace bb::tutor
