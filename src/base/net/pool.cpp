#include "base/net/pool.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace bb::net {
namespace asio = boost::asio;

struct BlockingPool::Impl {
    explicit Impl(std::size_t limit) : limit(limit) {}

    void work() {
        for (;;) {
            std::function<void()> job;
            {
                std::unique_lock lock(mutex);
                changed.wait(lock, [this]() { return stopping || !jobs.empty(); });
                if (jobs.empty()) return;
                job = std::move(jobs.front());
                jobs.pop_front();
                --reserved;
            }
            job();
        }
    }

    void reserve() {
        const std::lock_guard lock(mutex);
        if (stopping) throw Busy("the pool for blocking work has ended");
        if (reserved >= limit) throw Busy("the queue for blocking work is full");
        ++reserved;
    }

    void add(std::function<void()> job) {
        {
            const std::lock_guard lock(mutex);
            jobs.push_back(std::move(job));
        }
        changed.notify_one();
    }

    std::size_t limit;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::function<void()>> jobs;
    std::size_t reserved = 0;  // places in the queue, taken before the job is there
    std::vector<std::thread> threads;
    bool stopping = false;
};

std::size_t BlockingPool::waiting() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->jobs.size();
}

BlockingPool::BlockingPool(int threads, std::size_t queue) : impl_(std::make_shared<Impl>(queue)) {
    for (int i = 0; i < threads; ++i) impl_->threads.emplace_back([impl = impl_.get()]() { impl->work(); });
}

void BlockingPool::finish() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
    }
    impl_->changed.notify_all();
    for (auto& thread : impl_->threads) thread.join();
    impl_->threads.clear();
}

Task<void> BlockingPool::run_job(std::function<void()> job) {
    // An exception out of an initiation would leave the event loop, so the place is taken first.
    impl_->reserve();
    auto failed = std::make_shared<std::exception_ptr>();
    auto initiate = [&](auto handler) {
        // The work guard keeps the caller's loop alive until it has been resumed.
        auto guard = asio::make_work_guard(asio::get_associated_executor(handler));
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        impl_->add([job = std::move(job), failed, shared, guard]() mutable {
            try {
                job();
            } catch (...) {
                *failed = std::current_exception();
            }
            job = nullptr;  // what it captured ends before its caller goes on
            asio::post(guard.get_executor(), [shared]() { std::move (*shared)(); });
        });
    };
    co_await asio::async_initiate<decltype(use_task), void()>(initiate, use_task);
    if (*failed) std::rethrow_exception(*failed);
}

}  // namespace bb::net
