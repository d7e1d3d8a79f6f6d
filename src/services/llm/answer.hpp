#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "base/client/http_client.hpp"
#include "services/llm/provider.hpp"
#include "services/llm/sse_reader.hpp"
#include "services/llm/wire.hpp"

namespace bb::llm {

/// Reads the reply to one attempt as it comes, and judges it at its end. No input or output of its own.
class Answer {
public:
    using OnText = std::function<void(std::string_view)>;

    /// `wanted` says whether text is still asked for; the answer is cut to `max_text` bytes.
    Answer(OnText on_text, std::function<bool()> wanted, std::size_t max_text);

    /// The next piece of the body. Text and the model's own thinking are progress; comments are not.
    client::Heard take(int status, std::string_view piece);
    /// How it ended. Call once, after the last take().
    Outcome judge(const client::Reply& reply);

    bool any_text() const { return text_bytes_ > 0; }
    const Refusal& refusal() const { return refusal_; }

private:
    bool on_event(std::string_view data);
    bool on_chunk(std::string_view json);
    Outcome judge_refusal(int status);
    Outcome judge_success(const client::Reply& reply);

    OnText on_text_;
    std::function<bool()> wanted_;
    std::size_t max_text_;
    SseReader reader_;
    Refusal refusal_;
    std::string plain_;  // a body that is no event stream: an error, or an answer in one piece
    enum class Form { unknown, events, plain } form_ = Form::unknown;
    std::size_t text_bytes_ = 0;
    bool progress_ = false;
    bool done_ = false;  // [DONE] came
    bool garbage_ = false;
    std::string garbage_detail_;
    std::string finish_reason_;
    std::optional<Usage> usage_;
    std::optional<std::string> error_;
};

}  // namespace bb::llm
