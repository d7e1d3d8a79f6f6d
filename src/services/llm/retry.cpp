#include "services/llm/retry.hpp"

#include <algorithm>
#include <ctime>
#include <string>

#include "base/core/number.hpp"

namespace bb::llm {

using std::chrono::milliseconds;

bool worth_retrying(int status) {
    return status == 408 || status == 429 || (status >= 500 && status <= 599);
}

std::optional<milliseconds> parse_retry_after(std::string_view value,
                                              std::chrono::system_clock::time_point now) {
    if (const auto seconds = parse_number<int>(value); seconds && *seconds >= 0)
        return std::chrono::seconds(*seconds);
    std::tm parts{};
    const std::string text(value);
    const char* rest = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (!rest || *rest) return std::nullopt;
    const auto then = std::chrono::system_clock::from_time_t(timegm(&parts));
    return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(then - now));
}

std::optional<milliseconds> wait_after(const RetryLimits& limits, int attempt,
                                       std::optional<milliseconds> asked, double luck) {
    if (attempt >= limits.attempts) return std::nullopt;
    if (asked && *asked > limits.longest) return std::nullopt;
    const auto most = std::min(limits.cap, limits.base * (1 << std::min(attempt - 1, 16)));
    const milliseconds chosen(static_cast<milliseconds::rep>(static_cast<double>(most.count()) * luck));
    return asked ? *asked + chosen : chosen;
}

}  // namespace bb::llm
