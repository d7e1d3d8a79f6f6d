#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "services/llm/provider.hpp"

namespace bb::llm {

/// What servers of this wire format differ in; learned from their refusals.
struct Dialect {
    bool new_limit_name = false;  // max_completion_tokens instead of max_tokens
    bool no_temperature = false;
    bool no_usage = false;  // stream_options unknown
};

/// The body of POST {base}/chat/completions for a streamed answer.
std::string chat_body(const ChatRequest& request, std::string_view model, const Dialect& dialect);

/// What one event, or a whole answer that was not streamed, says.
struct Chunk {
    std::string text;           // control characters but tab and line ends are left out
    bool reasoning = false;     // the model thinks aloud: progress, but no text for the student
    std::string finish_reason;  // ours: "stop", "length", "content-filter"; empty: goes on
    std::optional<Usage> usage;
    std::optional<std::string> error;  // kind and code of an error in the middle of the stream
};

/// Errors: nullopt when it is not a chunk of this format.
std::optional<Chunk> read_chunk(std::string_view json);

/// Of an answer with an error status.
struct Refusal {
    std::string kind;   // code or type, for the operator's log: one of those that are known, or "unnamed"
    std::string param;  // the parameter that was not accepted
    bool too_long = false;
};
Refusal read_refusal(std::string_view body);

/// Changes the dialect for a refused parameter; false when there is nothing (more) to change.
bool adapt(Dialect& dialect, const Refusal& refusal);

}  // namespace bb::llm
