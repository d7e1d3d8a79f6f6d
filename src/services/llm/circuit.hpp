#pragma once
#include <chrono>
#include <mutex>
#include <optional>
#include <string>

namespace bb::llm {

/// Stops calling an upstream that keeps failing. After `trip_after` failures in a row calls are refused for a
/// cool-down; then one is let through to try. Each failed try doubles the cool-down up to a bound. One for
/// all loops of a process; safe from any thread.
class Circuit {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// True when a call may start now. Exactly one of the four below must follow.
    bool admit(Time now);
    void succeeded();
    void failed(Time now);
    /// It answers, but not as it should (wrong key, too many requests): seen in state(), never a reason to
    /// trip.
    void complained(Time now);
    /// The call ended without saying anything about the upstream.
    void dropped();

    /// "available", "degraded" (the last call failed) or "unavailable" (calls are refused).
    std::string state(Time now) const;

    static constexpr int trip_after = 5;
    static constexpr std::chrono::seconds first_cool_down{5};
    static constexpr std::chrono::seconds last_cool_down{60};
    /// A failure says nothing about now when it is older than this.
    static constexpr std::chrono::minutes memory{5};

private:
    void reset();

    mutable std::mutex mutex_;
    int failures_ = 0;  // in a row
    std::chrono::seconds cool_down_ = first_cool_down;
    std::optional<Time> open_until_;
    bool trying_ = false;
    Time last_failure_{};
};

}  // namespace bb::llm
