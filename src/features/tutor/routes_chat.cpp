#include <algorithm>
#include <chrono>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "features/tutor/routes.hpp"

namespace bb::tutor {
namespace {

using accounts::owner_of;
using Answer = Task<Result<http::Response>>;

constexpr std::size_t whole_history = 8 << 20;  // clients may send all of it

Answer post_chat(Services services, http::Request& request) {
    const auto received = std::chrono::steady_clock::now();
    auto body = request.json();
    if (!body) co_return body.error();
    auto chat = parse_chat_request(*body);
    *body = nullptr;  // a long history need not stay while the reply is set going
    if (!chat) co_return chat.error();
    co_return co_await services.chat.send(owner_of(request), std::move(*chat), request.origin(), received);
}

Answer get_stream(Services services, http::Request& request) {
    const auto thread = request.path_id<ThreadId>("threadId", "chat");
    if (!thread) co_return thread.error();
    co_return co_await services.chat.resume(owner_of(request), *thread);
}

Answer post_stop(Services services, http::Request& request) {
    const auto thread = request.path_id<ThreadId>("threadId", "chat");
    if (!thread) co_return thread.error();
    std::string wanted;
    if (!request.body.empty()) {
        const auto body = request.json();
        if (!body) co_return body.error();
        FieldReader in(*body);
        wanted = in.optional_text("streamId", {1, 64}).value_or("");
        if (auto bad = in.error()) co_return std::move(*bad);
    }
    const auto owner = owner_of(request);
    const bool mine = co_await services.replies.store().owns(owner, *thread);
    if (!mine) co_return not_found("chat");
    co_await services.replies.stop(owner, *thread, std::move(wanted));
    co_return http::no_content();
}

Answer get_usage(Services services, http::Request& request) {
    const auto standing = co_await services.budget.standing(request.user());
    JsonWriter json;
    json.object().key("tokens").object().field("used", standing.used).key("limit");
    if (standing.limit == 0)
        json.null().key("left").null();
    else
        json.value(standing.limit).field("left", std::max<std::int64_t>(0, standing.limit - standing.used));
    json.field("resetsAt", to_rfc3339(standing.resets_at)).end().end();
    co_return http::json_response(json.take());
}

}  // namespace

void bind_chat_routes(http::Router& router, Services services) {
    auto chat = described(
        "Send a question (or ask again, or go on) and stream the reply as server-sent events",
        R"({"type":"object","required":["id"],"properties":{"id":{"type":"string","format":"uuid"},)"
        R"("message":{"type":"object"},"messages":{"type":"array","items":{"type":"object"}},)"
        R"("trigger":{"enum":["submit-message","regenerate-message","continue-message"]},)"
        R"("messageId":{"type":"string"},"materialIds":{"type":"array","items":{"type":"string"}},)"
        R"("temporary":{"type":"boolean"}}})",
        R"({"type":"string"})", 200);
    chat.body_limit = whole_history;
    router.post(
        "/api/chat", [services](http::Request& request) { return post_chat(services, request); }, chat);
    router.get(
        "/api/chat/{threadId}/stream",
        [services](http::Request& request) { return get_stream(services, request); },
        described("Follow the reply that is being written, from its start; 204 when none is", "",
                  R"({"type":"string"})", 200));
    router.get(
        "/api/usage", [services](http::Request& request) { return get_usage(services, request); },
        described(
            "How many tokens of the language model the person has used today (UTC); limit and left are null "
            "without a limit",
            "", R"({"type":"object","required":["tokens"]})", 200));
    router.post(
        "/api/chat/{threadId}/stop",
        [services](http::Request& request) { return post_stop(services, request); },
        described("Stop the reply that is being written; what it says so far is kept",
                  R"({"type":"object","properties":{"streamId":{"type":"string"}}})", "", 204));
}

void bind_routes(http::Router& router, Services services) {
    bind_thread_routes(router, services);
    bind_chat_routes(router, services);
}

}  // namespace bb::tutor
