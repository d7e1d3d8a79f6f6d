#include "services/llm/wire.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <iterator>

#include "base/core/json_writer.hpp"

namespace bb::llm {
namespace {

namespace json = boost::json;

std::optional<json::value> parse(std::string_view text) {
    json::error_code error;
    json::parse_options limits;
    limits.max_depth = 16;
    json::value value = json::parse(json::string_view(text.data(), text.size()), error, {}, limits);
    if (error) return std::nullopt;
    return value;
}

const json::value* member(const json::value* value, std::string_view name) {
    const auto* object = value ? value->if_object() : nullptr;
    return object ? object->if_contains(json::string_view(name.data(), name.size())) : nullptr;
}

std::string_view text_of(const json::value* value) {
    const auto* text = value ? value->if_string() : nullptr;
    return text ? std::string_view(text->data(), text->size()) : std::string_view();
}

std::int64_t number_of(const json::value* value) {
    json::error_code error;
    const auto number = value ? value->to_number<std::int64_t>(error) : 0;
    return error || number < 0 ? 0 : number;
}

// PostgreSQL keeps no NUL, and no other control character belongs in an answer.
void append_clean(std::string& out, std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 ? byte != 0x7F : c == '\t' || c == '\n' || c == '\r') out += c;
    }
}

std::string our_reason(std::string_view reason) {
    if (reason.empty()) return {};
    if (reason == "length") return "length";
    if (reason == "content_filter") return "content-filter";
    return "stop";
}

// What OpenAI and the servers that speak like it call a failure. Other words may repeat what a person wrote,
// even one that looks like a code.
constexpr std::string_view known_kinds[] = {"account_deactivated",
                                            "api_error",
                                            "authentication_error",
                                            "billing_hard_limit_reached",
                                            "content_filter",
                                            "content_policy_violation",
                                            "context_length_exceeded",
                                            "engine_overloaded",
                                            "exceed_context_size_error",
                                            "insufficient_quota",
                                            "internal_error",
                                            "internal_server_error",
                                            "invalid_api_key",
                                            "invalid_prompt",
                                            "invalid_request_error",
                                            "invalid_value",
                                            "model_not_found",
                                            "not_found_error",
                                            "not_supported_error",
                                            "overloaded_error",
                                            "permission_error",
                                            "rate_limit_error",
                                            "rate_limit_exceeded",
                                            "requests",
                                            "server_error",
                                            "service_unavailable",
                                            "string_above_max_length",
                                            "timeout",
                                            "tokens",
                                            "unavailable_error",
                                            "unknown_parameter",
                                            "unsupported_parameter",
                                            "unsupported_value",
                                            "unsupported_country_region_territory",
                                            "AuthenticationError",
                                            "BadRequestError",
                                            "InternalServerError",
                                            "NotFoundError"};

std::string code_only(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-' || c == '.';
    };
    if (text.size() > 64) return {};
    for (const char c : text)
        if (!fits(c)) return {};
    return std::string(text);
}

std::string kind_of(const json::value* error) {
    for (const char* name : {"code", "type"})
        if (const auto kind = text_of(member(error, name));
            std::find(std::begin(known_kinds), std::end(known_kinds), kind) != std::end(known_kinds))
            return std::string(kind);
    return "unnamed";
}

void read_choice(const json::value& choice, Chunk& chunk) {
    const auto* delta = member(&choice, "delta");
    if (!delta) delta = member(&choice, "message");
    append_clean(chunk.text, text_of(member(delta, "content")));
    for (const char* name : {"reasoning_content", "reasoning"})
        if (!text_of(member(delta, name)).empty()) chunk.reasoning = true;
    // A refusal of the model's own is what the student gets to read.
    append_clean(chunk.text, text_of(member(delta, "refusal")));
    chunk.finish_reason = our_reason(text_of(member(&choice, "finish_reason")));
}

}  // namespace

std::string chat_body(const ChatRequest& request, std::string_view model, const Dialect& dialect) {
    JsonWriter out;
    out.object().field("model", model).field("stream", true);
    if (!dialect.no_usage) out.key("stream_options").object().field("include_usage", true).end();
    out.field(dialect.new_limit_name ? "max_completion_tokens" : "max_tokens", request.max_tokens);
    if (!dialect.no_temperature) out.field("temperature", request.temperature);
    out.key("messages").array();
    for (const auto& message : request.messages)
        out.object().field("role", message.role).field("content", message.content).end();
    out.end().end();
    return out.take();
}

std::optional<Chunk> read_chunk(std::string_view text) {
    const auto value = parse(text);
    if (!value || !value->is_object()) return std::nullopt;
    Chunk chunk;
    if (const auto* error = member(&*value, "error"); error && !error->is_null()) {
        chunk.error = kind_of(error);
        return chunk;
    }
    const auto* choices = member(&*value, "choices");
    const auto* usage = member(&*value, "usage");
    const auto* list = choices ? choices->if_array() : nullptr;
    if (!list && !usage) return std::nullopt;
    if (list && !list->empty()) read_choice(list->front(), chunk);
    if (usage && usage->is_object())
        chunk.usage =
            Usage{number_of(member(usage, "prompt_tokens")), number_of(member(usage, "completion_tokens"))};
    return chunk;
}

Refusal read_refusal(std::string_view body) {
    Refusal refusal;
    const auto value = parse(body);
    const auto* error = value ? member(&*value, "error") : nullptr;
    refusal.kind = kind_of(error);
    refusal.param = code_only(text_of(member(error, "param")));
    const auto message = text_of(member(error, "message"));
    refusal.too_long = refusal.kind == "context_length_exceeded" ||
                       message.find("context length") != std::string_view::npos ||
                       message.find("context size") != std::string_view::npos;
    return refusal;
}

bool adapt(Dialect& dialect, const Refusal& refusal) {
    const auto learn = [](bool& flag) {
        return !std::exchange(flag, true);
    };
    if (refusal.param == "max_tokens") return learn(dialect.new_limit_name);
    if (refusal.param == "temperature") return learn(dialect.no_temperature);
    if (refusal.param.starts_with("stream_options")) return learn(dialect.no_usage);
    return false;
}

}  // namespace bb::llm
