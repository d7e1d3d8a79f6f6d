#include "features/tutor/completion.hpp"

#include <algorithm>
#include <utility>

#include "base/core/crypto.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/log.hpp"
#include "base/net/timer.hpp"
#include "features/tutor/ui_stream.hpp"
#include "services/llm/extractive.hpp"

namespace bb::tutor {
namespace {

constexpr std::size_t longest_text = 20'000;  // code points
constexpr int most_at_once = 64;              // on one loop
constexpr const char* block = "t1";
constexpr const char* language_sql = "SELECT language FROM users WHERE id = $1";

CompletionAction action_named(std::string_view name) {
    if (name == "continue") return CompletionAction::go_on;
    if (name == "simplify") return CompletionAction::simplify;
    if (name == "summarise") return CompletionAction::summarise;
    if (name == "translate") return CompletionAction::translate;
    return CompletionAction::write;
}

std::string without_model(CompletionAction action, std::string_view language) {
    const bool short_text = action == CompletionAction::summarise;
    if (language == "fil")
        return short_text
                   ? "Walang pangungusap sa tekstong ito na maibubuod."
                   : "Walang language model na naka-configure sa server na ito, kaya pagbubuod lamang ang "
                     "magagawa rito. Ang namamahala ng server ang makapagdaragdag ng model.";
    return short_text
               ? "This text has no sentences to summarise."
               : "No language model is configured on this server, so only a summary can be made here. The "
                 "person who looks after the server can add a model.";
}

std::string finish_metadata(const llm::Outcome& outcome) {
    JsonWriter json;
    json.object().field("finishReason", outcome.finish_reason);
    if (outcome.usage) {
        json.key("usage").object().field("inputTokens", outcome.usage->prompt_tokens);
        json.field("outputTokens", outcome.usage->completion_tokens);
        json.field("totalTokens", outcome.usage->prompt_tokens + outcome.usage->completion_tokens).end();
    }
    return json.end().take();
}

}  // namespace

/// One answer on its way to the client.
struct Completion::Call {
    Call(CompletionRequest request, std::string language, Origin origin)
        : request(std::move(request)), language(std::move(language)), origin(std::move(origin)) {}

    CompletionRequest request;
    std::string language;  // of the person
    Origin origin;
    access::TokenBudget::Reservation tokens;
    std::size_t said = 0;  // bytes of the answer
    std::shared_ptr<http::EventStream> stream;
    std::shared_ptr<llm::Cancellation> cancellation = std::make_shared<llm::Cancellation>();
    UiStream out;
    bool begun = false;

    void begin(std::string_view mode, const std::string& model) {
        JsonWriter metadata;
        metadata.object().field("mode", mode).key("model");
        if (model.empty())
            metadata.null();
        else
            metadata.value(model);
        out.start(crypto::random_token(12), metadata.end().text()).start_step().status("thinking");
        stream->write_now(out.take());
    }

    /// False when nobody listens any more.
    bool text(std::string_view piece) {
        const bool first = !std::exchange(begun, true);
        said += piece.size();
        if (first) out.text_start(block);
        const std::string bytes = out.text_delta(block, piece).take();
        return first ? stream->write_now(bytes) : stream->write(bytes);
    }

    void end(std::string_view error, std::string_view metadata) {
        if (begun) out.text_end(block);
        out.finish_step();
        if (error.empty())
            out.finish(metadata);
        else
            out.error(error);
        stream->write_now(out.done().take());
        stream->close();
    }
};

Result<CompletionRequest> parse_completion_request(const boost::json::value& body) {
    FieldReader in(body);
    CompletionRequest request;
    const auto action = in.optional_choice("action", {"continue", "simplify", "summarise", "translate"});
    request.action = action_named(action.value_or(""));
    request.text = in.optional_text("text", {0, longest_text, true}).value_or("");
    request.prompt = in.optional_text("prompt", {0, longest_text, true}).value_or("");
    request.language = in.optional_choice("language", {"en", "fil"}).value_or("");
    if (auto bad = in.error()) return std::move(*bad);
    if (action && request.text.empty()) request.text.swap(request.prompt);
    if (action && request.text.empty()) return bad_field("#/text", "is required");
    if (!action && request.prompt.empty()) return bad_field("#/prompt", "is required");
    return request;
}

void Completion::bind_route(http::Router& router) {
    http::RouteOptions options;
    options.operation.summary =
        "Go on with a text, or explain, summarise or translate it; streamed, not stored";
    options.operation.request_schema =
        R"({"type":"object","properties":{"prompt":{"type":"string"},"text":{"type":"string"},)"
        R"("action":{"enum":["continue","simplify","summarise","translate"]},"language":{"enum":["en","fil"]}}})";
    options.operation.response_schema = R"({"type":"string"})";
    router.post(
        "/api/completion", [this](http::Request& request) { return answer(request); }, options);
}

Task<Result<http::Response>> Completion::answer(http::Request& request) {
    auto body = request.json();
    if (!body) co_return body.error();
    auto wanted = parse_completion_request(*body);
    if (!wanted) co_return wanted.error();
    if (running_ >= most_at_once)
        co_return Error(ErrorCode::unavailable, "Too many texts are being written right now.", {}, 5);
    const auto rows = co_await db_.query(language_sql, request.user());
    std::string language = rows.empty() ? "en" : rows[0].get<std::string>(0);
    if (wanted->language.empty()) wanted->language = language;
    auto call = std::make_shared<Call>(std::move(*wanted), std::move(language), request.origin());
    if (provider_) {
        // An answer is about as long as its text.
        const auto expected = 2 * expected_tokens(call->request.text) + expected_tokens(call->request.prompt);
        auto tokens = co_await budget_.reserve(request.user(), expected, request.id);
        if (!tokens) co_return tokens.error();
        call->tokens = std::move(*tokens);
    }
    co_return http::event_stream([this, call](std::shared_ptr<http::EventStream> stream) {
        call->stream = std::move(stream);
        call->stream->on_gone([cancellation = call->cancellation] { cancellation->cancel(); });
        net::spawn(executor_, run(call), call->origin.request);
    });
}

Task<void> Completion::run(std::shared_ptr<Call> call) {
    struct Counted {
        int& count;
        explicit Counted(int& count) : count(count) { ++count; }
        ~Counted() { --count; }
    } counted(running_);
    try {
        if (provider_)
            co_await ask_model(call);
        else
            quote(*call);
    } catch (const std::exception& fault) {
        log::error("completion failed", {{"request", call->origin.request}, {"fault", fault.what()}});
        call->end(llm::sentence_for(llm::Fault::cut_off, call->language), "");
    }
}

void Completion::quote(Call& call) {
    call.begin("extractive", "");
    std::string summary;
    if (call.request.action == CompletionAction::summarise)
        summary = llm::extractive_summary(call.request.text);
    if (summary.empty()) {
        call.end(without_model(call.request.action, call.language), "");
        return;
    }
    call.text(summary);
    call.end("", R"({"finishReason":"stop"})");
}

Task<void> Completion::ask_model(std::shared_ptr<Call> call) {
    call->begin("model", provider_->model());
    const auto& wanted = call->request;
    auto request =
        completion_prompt(wanted.action, wanted.text, wanted.prompt, wanted.language, prompt_nonce());
    request.origin = call->origin;
    const auto prompt_tokens = estimated_tokens(request);
    auto on_text = [call](std::string_view piece) {
        if (!call->text(piece)) call->cancellation->cancel();
    };
    const auto outcome = co_await provider_->chat(std::move(request), std::move(on_text), call->cancellation);
    call->tokens.settle(tokens_of(outcome, prompt_tokens, call->said));
    if (outcome.cancelled) {
        call->stream->close();
        co_return;
    }
    const std::string error =
        outcome.fault ? llm::sentence_for(*outcome.fault, call->language) : std::string();
    call->end(error, finish_metadata(outcome));
}

}  // namespace bb::tutor
