#pragma once
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>

#include "base/core/task.hpp"

namespace bb::net {

/// There is more to do than the queue takes: try again soon. Becomes a 503.
class Busy : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A few threads for work that blocks: hashing, disk. The queue is bounded.
class BlockingPool {
public:
    explicit BlockingPool(int threads, std::size_t queue = 256);
    ~BlockingPool() { finish(); }
    BlockingPool(const BlockingPool&) = delete;

    /// Runs `work` on a pool thread and resumes the caller on its own loop. Exceptions come back.
    /// Throws Busy when the queue is full.
    template <class Work>
    Task<std::invoke_result_t<Work>> run(Work work) {
        using T = std::invoke_result_t<Work>;
        if constexpr (std::is_void_v<T>) {
            std::function<void()> job = std::move(work);
            co_await run_job(std::move(job));
        } else {
            auto result = std::make_shared<std::optional<T>>();
            std::function<void()> job = [result, work = std::move(work)]() mutable {
                result->emplace(work());
            };
            co_await run_job(std::move(job));
            co_return std::move(**result);
        }
    }

    /// Jobs that wait for a thread.
    std::size_t waiting() const;
    /// Does what is queued and ends the threads; work that comes later is refused. Its callers' loops must be
    /// there.
    void finish();

private:
    /// Throws before it hands anything over when the queue is full.
    Task<void> run_job(std::function<void()> job);
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace bb::net
