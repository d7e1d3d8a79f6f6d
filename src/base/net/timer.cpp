#include "base/net/timer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/core/log.hpp"

namespace bb::net {

Task<Executor> this_executor() {
    co_return co_await boost::asio::this_coro::executor;
}

Task<void> sleep_for(std::chrono::milliseconds time) {
    Timer timer(co_await boost::asio::this_coro::executor);
    timer.expires_after(time);
    co_await timer.async_wait(use_task_tuple);
}

void spawn(Executor executor, Task<void> task, std::string request) {
    boost::asio::co_spawn(
        executor, std::move(task), [request = std::move(request)](std::exception_ptr failed) {
            if (!failed) return;
            try {
                std::rethrow_exception(failed);
            } catch (const std::exception& failure) {
                log::error("background task failed", {{"request", request}, {"reason", failure.what()}});
            } catch (...) {
                log::error("background task failed", {{"request", request}, {"reason", "unknown"}});
            }
        });
}

}  // namespace bb::net
