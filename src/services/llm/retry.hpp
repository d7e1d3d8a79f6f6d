#pragma once
#include <chrono>
#include <optional>
#include <string_view>

namespace bb::llm {

/// Bounds for trying again.
struct RetryLimits {
    int attempts = 3;                           // the first one counted
    std::chrono::milliseconds base{250};        // doubles with each attempt
    std::chrono::milliseconds cap{4'000};       // of the wait that we choose
    std::chrono::milliseconds longest{10'000};  // of the wait that the upstream asks for; more: give up
};

/// True for statuses that may be better next time.
bool worth_retrying(int status);

/// Reads Retry-After (RFC 9110: seconds or a date). nullopt when absent or unreadable; a date gone by is
/// zero.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value,
                                                           std::chrono::system_clock::time_point now);

/// How long to wait after failed attempt number `attempt` (from 1): full jitter, `luck` in [0, 1), never less
/// than what the upstream asked for. nullopt: give up.
std::optional<std::chrono::milliseconds> wait_after(const RetryLimits& limits, int attempt,
                                                    std::optional<std::chrono::milliseconds> asked,
                                                    double luck);

}  // namespace bb::llm
