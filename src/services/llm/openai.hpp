#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/client/http_client.hpp"
#include "base/core/metrics.hpp"
#include "services/llm/circuit.hpp"
#include "services/llm/provider.hpp"
#include "services/llm/retry.hpp"

namespace bb::llm {

/// Where the model is and how patient we are with it.
struct Options {
    std::string base_url = "https://api.openai.com/v1";
    std::string api_key;  // empty: none is sent
    std::string model = "gpt-4o-mini";
    std::chrono::milliseconds connect{5'000};
    std::chrono::milliseconds first_token{30'000};  // of one attempt
    std::chrono::milliseconds idle{20'000};         // between two tokens
    std::chrono::milliseconds whole{300'000};       // with all attempts
    RetryLimits retry;
    std::size_t max_text = 512 * 1024;  // bytes of an answer; what is beyond is cut with reason "length"
    /// Told of every call that has ended, with all its attempts; `fault` is empty when it went well. May be
    /// empty.
    std::function<void(const Trace& trace, std::string_view fault, double seconds)> ended;
};

/// Any server with OpenAI's chat completions. The references must outlive it; same loop as `client`.
/// `circuit` is shared by all who call the same server.
std::unique_ptr<Provider> make_openai(client::HttpClient& client, metrics::Registry& registry,
                                      Circuit& circuit, Options options);

}  // namespace bb::llm
