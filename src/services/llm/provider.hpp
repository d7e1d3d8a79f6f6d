#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/task.hpp"
#include "base/core/trace.hpp"

namespace bb::llm {

struct ChatMessage {
    std::string role;  // "system", "user" or "assistant"
    std::string content;
};

struct ChatRequest {
    std::vector<ChatMessage> messages;
    int max_tokens = 2048;
    double temperature = 0.3;
    Origin origin = {};
    bool again = true;  // tried again when it fails before the first piece of its answer
};

/// Why a model gave no (whole) answer.
enum class Fault { refused, slow, cut_off, garbage, busy, rejected, too_long, circuit_open, leak };

struct Usage {
    std::int64_t prompt_tokens = 0;
    std::int64_t completion_tokens = 0;
};

/// How a call ended. `fault` unset: well; `cancelled`: by its Cancellation.
struct Outcome {
    std::string finish_reason;  // "stop", "length", "content-filter", "error"
    std::optional<Usage> usage;
    std::optional<Fault> fault;
    std::string fault_detail;  // for the operator's log, without user text
    bool cancelled = false;
};

/// A sentence for the student that says what went wrong and what to do.
std::string sentence_for(Fault fault, std::string_view language);

/// Stops a call from outside, on the same loop: the upstream connection is closed at once.
class Cancellation {
public:
    void cancel();
    bool cancelled() const { return cancelled_; }
    /// At most one callback at a time; an empty one removes it. Called at once when already cancelled.
    void on_cancel(std::function<void()> callback);

private:
    bool cancelled_ = false;
    std::function<void()> callback_;
};

/// A language model. One object per loop; use it only there.
class Provider {
public:
    virtual ~Provider() = default;
    /// Name of the model for metadata and metrics.
    virtual std::string model() const = 0;
    /// Streams an answer: `on_text` is called with each piece as it comes. Retries happen only before the
    /// first piece, and only when the request allows them.
    virtual Task<Outcome> chat(ChatRequest request, std::function<void(std::string_view)> on_text,
                               std::shared_ptr<Cancellation> cancellation) = 0;
    /// "available", "degraded" or "unavailable", from recent real calls.
    virtual std::string state() const = 0;
};

}  // namespace bb::llm
