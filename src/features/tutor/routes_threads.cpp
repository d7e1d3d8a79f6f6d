#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/utf8.hpp"
#include "features/tutor/messages.hpp"
#include "features/tutor/routes.hpp"
#include "features/tutor/threads.hpp"

namespace bb::tutor {
namespace {

using accounts::owner_of;
using Answer = Task<Result<http::Response>>;

constexpr const char* thread_schema =
    R"({"type":"object","required":["id","title","materialIds","createdAt","updatedAt"],"properties":{)"
    R"("id":{"type":"string","format":"uuid"},"title":{"type":"string"},)"
    R"("materialIds":{"type":"array","items":{"type":"string"}},)"
    R"("createdAt":{"type":"string","format":"date-time"},"updatedAt":{"type":"string","format":"date-time"},)"
    R"("temporary":{"type":"boolean"},"onlyMaterials":{"type":"boolean"}}})";
constexpr const char* thread_input_schema =
    R"({"type":"object","properties":{"title":{"type":"string","maxLength":200},)"
    R"("materialIds":{"type":"array","items":{"type":"string"}},"onlyMaterials":{"type":"boolean"}}})";
constexpr const char* new_thread_schema =
    R"({"type":"object","properties":{"title":{"type":"string","maxLength":200},)"
    R"("materialIds":{"type":"array","items":{"type":"string"}},"onlyMaterials":{"type":"boolean"},)"
    R"("temporary":{"type":"boolean"}}})";
constexpr const char* messages_schema =
    R"({"type":"object","required":["messages","earlier"],"properties":{"messages":{"type":"array","items":{"type":"object",)"
    R"("required":["id","role","parts","metadata"]}},"earlier":{"type":["string","null"]}}})";

void write_thread(JsonWriter& json, const Thread& thread) {
    json.object().field("id", thread.id).field("title", thread.title).key("materialIds").array();
    for (const auto& id : thread.materials) json.value(id);
    json.end().field("createdAt", thread.created_at).field("updatedAt", thread.updated_at);
    if (thread.temporary) json.field("temporary", true);
    if (thread.only_materials) json.field("onlyMaterials", true);
    json.end();
}

std::string thread_json(const Thread& thread) {
    JsonWriter json;
    write_thread(json, thread);
    return json.take();
}

/// A single thread with its tag: the version, and a mark of what is shown, which may change without it.
http::Response one(const http::Request& request, const Thread& thread) {
    return http::tagged(request, http::json_response(thread_json(thread)), std::to_string(thread.version));
}

Result<ThreadInput> thread_input(const http::Request& request) {
    ThreadInput input;
    if (request.body.empty() && request.method == http::Method::post) return input;
    auto body = request.json();
    if (!body) return body.error();
    FieldReader in(*body);
    input.title = in.optional_text("title", {1, 200});
    input.materials = in.optional_uuids("materialIds", 100);
    input.only_materials = in.optional_bool("onlyMaterials");
    if (request.method == http::Method::post) input.temporary = in.optional_bool("temporary").value_or(false);
    if (auto bad = in.error()) return std::move(*bad);
    return input;
}

Answer list(Services services, http::Request& request) {
    auto page = http::page_query(request);
    if (!page) co_return page.error();
    std::optional<ThreadCursor> after;
    if (page->after) {
        auto cursor = thread_cursor(*page->after);
        if (!cursor) co_return cursor.error();
        after = *cursor;
    }
    Threads threads(services.db);
    const auto words = std::string(utf8::trim(request.query("q").value_or("")));
    if (words.find('\0') != std::string::npos)
        co_return bad_field("?q", "must not contain control characters");
    ThreadPage found;
    if (words.empty()) {
        found = co_await threads.list(owner_of(request), page->limit, after);
    } else {
        found = co_await threads.find_titled(owner_of(request), words, page->limit, after);
    }
    JsonWriter json(64 + found.threads.size() * 256);
    json.object().key("threads").array();
    for (const auto& thread : found.threads) write_thread(json, thread);
    json.end().key("next");
    found.next ? json.value(to_text(*found.next)) : json.null();
    json.end();
    co_return http::with_etag(request, http::json_response(json.take()));
}

Answer create(Services services, http::Request& request) {
    auto input = thread_input(request);
    if (!input) co_return input.error();
    Threads threads(services.db);
    auto thread =
        co_await threads.create(owner_of(request), request.id_to_make<ThreadId>(), std::move(*input));
    if (!thread) co_return thread.error();
    co_return http::created(thread_json(*thread), "/api/threads/" + thread->id.text());
}

Answer show(Services services, http::Request& request) {
    const auto id = request.path_id<ThreadId>("id", "chat");
    if (!id) co_return id.error();
    Threads threads(services.db);
    auto thread = co_await threads.find(owner_of(request), *id);
    if (!thread) co_return thread.error();
    co_return one(request, *thread);
}

Answer change(Services services, http::Request& request) {
    const auto id = request.path_id<ThreadId>("id", "chat");
    if (!id) co_return id.error();
    auto input = thread_input(request);
    if (!input) co_return input.error();
    Threads threads(services.db);
    auto thread = co_await threads.change(owner_of(request), *id, std::move(*input), IfMatch::of(request));
    if (!thread) co_return thread.error();
    co_return one(request, *thread);
}

Answer remove(Services services, http::Request& request) {
    const auto id = request.path_id<ThreadId>("id", "chat");
    if (!id) co_return id.error();
    const auto owner = owner_of(request);
    const auto condition = IfMatch::of(request);
    Threads threads(services.db);
    auto found = co_await threads.find(owner, *id, condition);
    if (!found) co_return found.error();
    // Nobody will read what is being written.
    co_await services.replies.stop(owner, *id, "");
    auto removed = co_await threads.remove(owner, *id, condition);
    if (!removed) co_return removed.error();
    co_return http::no_content();
}

Answer restore(Services services, http::Request& request) {
    const auto id = request.path_id<ThreadId>("id", "chat");
    if (!id) co_return id.error();
    Threads threads(services.db);
    auto thread = co_await threads.restore(owner_of(request), *id);
    if (!thread) co_return thread.error();
    co_return one(request, *thread);
}

Answer messages(Services services, http::Request& request) {
    const auto id = request.path_id<ThreadId>("id", "chat");
    if (!id) co_return id.error();
    const auto page = http::page_query(request, newest_shown);
    if (!page) co_return page.error();
    std::optional<std::string> before;
    if (const auto given = request.query("before")) before = std::string(*given);
    Messages messages(services.db);
    auto branch = co_await messages.branch(owner_of(request), *id, page->limit, before);
    if (!branch) co_return branch.error();
    co_return http::with_etag(request, http::json_response(messages_json(*branch)));
}

Answer switch_branch(Services services, http::Request& request) {
    const auto id = request.path_id<ThreadId>("id", "chat");
    if (!id) co_return id.error();
    const auto body = request.json();
    if (!body) co_return body.error();
    FieldReader in(*body);
    const auto message = in.text("messageId", {1, 64});
    if (auto bad = in.error()) co_return std::move(*bad);
    Messages messages(services.db);
    auto branch = co_await messages.switch_branch(owner_of(request), *id, message);
    if (!branch) co_return branch.error();
    co_return http::json_response(messages_json(*branch));
}

using Route = Answer (*)(Services, http::Request&);

http::Handler handler(Services services, Route route) {
    return [services, route](http::Request& request) {
        return route(services, request);
    };
}

}  // namespace

http::RouteOptions described(std::string summary, std::string request, std::string response, int success) {
    http::RouteOptions options;
    options.repeatable = success == 201;
    options.operation.summary = std::move(summary);
    options.operation.request_schema = std::move(request);
    options.operation.response_schema = std::move(response);
    options.operation.success = success;
    return options;
}

void bind_thread_routes(http::Router& router, Services services) {
    router.get(
        "/api/threads", handler(services, list),
        described("Your chats, latest activity first; `q` looks in titles", "",
                  R"({"type":"object","required":["threads","next"],"properties":{"threads":{"type":"array",)"
                  R"("items":{"type":"object"}},"next":{"type":["string","null"]}}})"));
    router.post("/api/threads", handler(services, create),
                described("Begin a chat", new_thread_schema, thread_schema, 201));
    router.get("/api/threads/{id}", handler(services, show), described("One chat", "", thread_schema));
    router.patch("/api/threads/{id}", handler(services, change),
                 described("Rename a chat or choose its materials", thread_input_schema, thread_schema));
    router.del("/api/threads/{id}", handler(services, remove),
               described("Delete a chat; it can be restored", "", "", 204));
    router.post("/api/threads/{id}/restore", handler(services, restore),
                described("Bring a deleted chat back", "", thread_schema));
    router.get("/api/threads/{id}/messages", handler(services, messages),
               described("The newest messages of the branch that is shown, or those before `before`", "",
                         messages_schema));
    router.post(
        "/api/threads/{id}/branch", handler(services, switch_branch),
        described(
            "Show the branch that holds a message",
            R"({"type":"object","required":["messageId"],"properties":{"messageId":{"type":"string"}}})",
            messages_schema));
}

}  // namespace bb::tutor
