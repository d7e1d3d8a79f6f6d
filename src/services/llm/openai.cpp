#include "services/llm/openai.hpp"

#include <cstdint>
#include <cstring>
#include <utility>

#include "base/core/crypto.hpp"
#include "base/core/log.hpp"
#include "base/net/timer.hpp"
#include "services/llm/answer.hpp"
#include "services/llm/circuit.hpp"
#include "services/llm/wire.hpp"

namespace bb::llm {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Frames and keep-alive comments around the text; far above any honest answer.
constexpr std::size_t max_stream_bytes = 64 << 20;

std::string_view name_of(Fault fault) {
    switch (fault) {
        case Fault::refused:
            return "refused";
        case Fault::slow:
            return "slow";
        case Fault::cut_off:
            return "cut_off";
        case Fault::garbage:
            return "garbage";
        case Fault::busy:
            return "busy";
        case Fault::rejected:
            return "rejected";
        case Fault::too_long:
            return "too_long";
        case Fault::circuit_open:
            return "circuit_open";
        case Fault::leak:
            return "leak";
    }
    return "unknown";
}

/// Uniform in [0, 1).
double luck() {
    std::uint32_t number = 0;
    const std::string bytes = crypto::random_bytes(sizeof number);
    std::memcpy(&number, bytes.data(), sizeof number);
    return number / 4294967296.0;
}

/// One attempt: what was heard, and what followed from it.
struct Attempt {
    Outcome outcome;
    Refusal refusal;
    std::optional<milliseconds> asked_wait;
    int status = 0;
    bool any_text = false;
};

/// What goes along through all attempts of one call.
struct Call {
    ChatRequest request;
    std::function<void(std::string_view)> on_text;
    std::shared_ptr<Cancellation> cancellation;
    Clock::time_point started = Clock::now();
    Clock::time_point first_token{};
    Trace trace{};

    ~Call() { cancellation->on_cancel({}); }
};

class OpenAi : public Provider {
public:
    OpenAi(client::HttpClient& client, metrics::Registry& registry, Circuit& circuit, Options options)
        : client_(client), registry_(registry), circuit_(circuit), options_(std::move(options)) {
        while (options_.base_url.ends_with('/')) options_.base_url.pop_back();
    }

    std::string model() const override { return options_.model; }
    std::string state() const override { return circuit_.state(Clock::now()); }
    Task<Outcome> chat(ChatRequest request, std::function<void(std::string_view)> on_text,
                       std::shared_ptr<Cancellation> cancellation) override;

private:
    Task<Attempt> all_attempts(Call& call);
    Task<Attempt> attempt(Call& call);
    client::Outgoing outgoing(const Call& call) const;
    Task<void> wait(Call& call, milliseconds time);
    void settle(const Attempt& last);
    void record(const Call& call, const Outcome& outcome);

    client::HttpClient& client_;
    metrics::Registry& registry_;
    Circuit& circuit_;
    Options options_;
    Dialect dialect_;
};

Task<Outcome> OpenAi::chat(ChatRequest request, std::function<void(std::string_view)> on_text,
                           std::shared_ptr<Cancellation> cancellation) {
    if (!cancellation) cancellation = std::make_shared<Cancellation>();
    Call call{std::move(request), std::move(on_text), std::move(cancellation)};
    if (!call.request.origin.trace.trace_id.empty()) call.trace = call.request.origin.trace.child();
    Attempt last;
    if (circuit_.admit(call.started)) {
        try {
            last = co_await all_attempts(call);
        } catch (...) {
            circuit_.dropped();
            throw;
        }
        settle(last);
    } else {
        last.outcome.finish_reason = "error";
        last.outcome.fault = Fault::circuit_open;
        last.outcome.fault_detail = "calls are suspended after repeated failures";
    }
    record(call, last.outcome);
    co_return std::move(last.outcome);
}

Task<Attempt> OpenAi::all_attempts(Call& call) {
    for (int number = 1;;) {
        Attempt last = co_await attempt(call);
        if (!last.outcome.fault || last.any_text || call.cancellation->cancelled()) co_return last;
        if (last.status == 400 && adapt(dialect_, last.refusal)) continue;
        const Fault fault = *last.outcome.fault;
        const bool again = call.request.again &&
                           (fault == Fault::refused || fault == Fault::busy || fault == Fault::cut_off);
        const auto pause = wait_after(options_.retry, number, last.asked_wait, luck());
        const auto left = call.started + options_.whole - Clock::now();
        if (!again || !pause || *pause >= left) co_return last;
        ++number;
        registry_.counter("brainbytes_model_retries_total", "Calls to the language model tried again.").add();
        co_await wait(call, *pause);
    }
}

Task<Attempt> OpenAi::attempt(Call& call) {
    Attempt result;
    const auto cancellation = call.cancellation;
    if (cancellation->cancelled()) {
        result.outcome.cancelled = true;
        co_return result;
    }
    auto abort = std::make_shared<client::Abort>();
    cancellation->on_cancel([abort] { abort->abort(); });
    auto hear = [&call](std::string_view text) {
        if (call.first_token == Clock::time_point{}) {
            call.first_token = Clock::now();
            std::vector<ChatMessage>().swap(call.request.messages);  // there is no further attempt
        }
        call.on_text(text);
    };
    auto wanted = [cancellation] {
        return !cancellation->cancelled();
    };
    Answer answer(std::move(hear), std::move(wanted), options_.max_text);
    client::Sink sink = [&answer](int status, std::string_view piece) {
        return answer.take(status, piece);
    };
    client::Outgoing request = outgoing(call);
    const client::Reply reply =
        co_await client_.stream(std::move(request), std::move(sink), std::move(abort));
    result.status = reply.status;
    result.any_text = answer.any_text();
    result.asked_wait = parse_retry_after(reply.header("retry-after"), std::chrono::system_clock::now());
    result.outcome = answer.judge(reply);
    result.refusal = answer.refusal();
    if (cancellation->cancelled()) {
        result.outcome.cancelled = true;
        result.outcome.fault.reset();
        result.outcome.finish_reason = "stop";
    }
    co_return result;
}

client::Outgoing OpenAi::outgoing(const Call& call) const {
    client::Outgoing request("POST", options_.base_url + "/chat/completions");
    request.headers = {{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}};
    if (!options_.api_key.empty())
        request.headers.emplace_back("Authorization", "Bearer " + options_.api_key);
    if (!call.trace.trace_id.empty()) request.headers.emplace_back("traceparent", call.trace.traceparent());
    request.body = chat_body(call.request, options_.model, dialect_);
    request.max_bytes = max_stream_bytes;
    request.receive_buffer = 4 * 1024;
    request.deadlines.connect = options_.connect;
    request.deadlines.first = options_.first_token;
    request.deadlines.idle = options_.idle;
    const auto left = call.started + options_.whole - Clock::now();
    request.deadlines.whole = std::max(milliseconds(1), std::chrono::duration_cast<milliseconds>(left));
    return request;
}

Task<void> OpenAi::wait(Call& call, milliseconds time) {
    const auto executor = co_await net::this_executor();
    auto timer = std::make_shared<net::Timer>(executor);
    timer->expires_after(time);
    call.cancellation->on_cancel([timer] { timer->cancel(); });
    if (!call.cancellation->cancelled()) co_await timer->async_wait(use_task_tuple);
}

/// Tells the circuit what the call said about the upstream.
void OpenAi::settle(const Attempt& last) {
    const auto& outcome = last.outcome;
    if (outcome.cancelled || outcome.fault == Fault::too_long)
        circuit_.dropped();
    else if (!outcome.fault)
        circuit_.succeeded();
    else if (last.status >= 400 && last.status < 500)
        circuit_.complained(Clock::now());
    else
        circuit_.failed(Clock::now());
}

void OpenAi::record(const Call& call, const Outcome& outcome) {
    const std::string_view name = outcome.cancelled ? "cancelled"
                                  : outcome.fault   ? name_of(*outcome.fault)
                                                    : "ok";
    registry_
        .counter("brainbytes_model_requests_total", "Calls to the language model by outcome.",
                 {{"outcome", std::string(name)}})
        .add();
    if (call.first_token != Clock::time_point{})
        registry_
            .histogram("brainbytes_model_first_token_seconds",
                       "From the call to the model's first piece of text.",
                       {0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60})
            .observe(std::chrono::duration<double>(call.first_token - call.started).count());
    if (outcome.usage) {
        const auto tokens = [&](const char* kind, std::int64_t count) {
            registry_
                .counter("brainbytes_model_tokens_total", "Tokens as the model counted them.",
                         {{"kind", kind}})
                .add(static_cast<double>(count));
        };
        tokens("prompt", outcome.usage->prompt_tokens);
        tokens("completion", outcome.usage->completion_tokens);
    }
    const auto took = std::chrono::duration<double>(Clock::now() - call.started).count();
    if (options_.ended) options_.ended(call.trace, outcome.fault ? name : std::string_view(), took);
    if (outcome.fault)
        log::warn("model call failed", {{"request", call.request.origin.request},
                                        {"traceId", call.trace.trace_id},
                                        {"fault", name},
                                        {"detail", outcome.fault_detail}});
}

}  // namespace

std::unique_ptr<Provider> make_openai(client::HttpClient& client, metrics::Registry& registry,
                                      Circuit& circuit, Options options) {
    return std::make_unique<OpenAi>(client, registry, circuit, std::move(options));
}

}  // namespace bb::llm
