#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/core/metrics.hpp"
#include "base/core/task.hpp"
#include "base/http/response.hpp"

namespace bb::tutor {

/// Somebody who reads a reply while it is written. Used only on the loop that writes.
class Follower {
public:
    virtual ~Follower() = default;
    /// Passes bytes on; `urgent` ones do not wait for the next tick. False when the reader is gone or too
    /// slow.
    virtual bool write(const std::string& bytes, bool urgent) = 0;
    /// The reply is over.
    virtual void close() = 0;
    /// `gone` is called on this loop when the reader goes away by himself.
    virtual void on_gone(std::function<void()> gone) = 0;
};

/// Counts in a gauge as long as it lives.
class Counted {
public:
    explicit Counted(metrics::Gauge gauge) : gauge_(std::move(gauge)) { gauge_.add(1); }
    ~Counted() { gauge_.add(-1); }
    Counted(const Counted&) = delete;

private:
    metrics::Gauge gauge_;
};

/// A reader whose connection lives on the same loop.
std::shared_ptr<Follower> local_follower(metrics::Gauge count, std::shared_ptr<http::EventStream> stream);

/// A reader whose connection lives on loop `there`, while the reply is written on loop `here`. Made on
/// `there`.
std::shared_ptr<Follower> relay_follower(metrics::Gauge count, Executor here, Executor there,
                                         std::shared_ptr<http::EventStream> stream);

}  // namespace bb::tutor
