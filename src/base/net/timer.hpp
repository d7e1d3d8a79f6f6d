#pragma once
#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>
#include <string>

#include "base/core/task.hpp"

namespace bb::net {

using Timer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

/// Waits on the current loop. Ends early without an error when the coroutine is cancelled.
Task<void> sleep_for(std::chrono::milliseconds time);

/// The loop that runs the calling coroutine.
Task<Executor> this_executor();

/// Starts `task` on `executor` by itself; an exception that escapes is logged as "background task failed",
/// with the id of the request that it was begun for.
void spawn(Executor executor, Task<void> task, std::string request = {});

}  // namespace bb::net
