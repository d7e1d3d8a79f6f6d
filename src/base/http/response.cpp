#include "base/http/response.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/core/crypto.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/utf8.hpp"
#include "base/http/request.hpp"

namespace bb::http {
namespace {

struct ProblemKind {
    ErrorCode code;
    int status;
    std::string_view type;  // below /problems/, unless it is a whole address
    std::string_view title;
};

// Registered with IANA (draft-ietf-httpapi-ratelimit-headers).
constexpr std::string_view quota_type = "https://iana.org/assignments/http-problem-types#quota-exceeded";
constexpr std::string_view quota_title = "Request cannot be satisfied as assigned quota has been exceeded";

constexpr ProblemKind kinds[] = {
    {ErrorCode::malformed, 400, "malformed", "The request cannot be read"},
    {ErrorCode::unauthenticated, 401, "signed-out", "Please sign in"},
    {ErrorCode::forbidden, 403, "forbidden", "You may not do this"},
    {ErrorCode::proof_too_old, 403, "reauthentication-required", "Please prove again that it is you"},
    {ErrorCode::suspended, 403, "account-suspended", "This account is suspended"},
    {ErrorCode::sign_up_closed, 403, "sign-up-closed", "There is no account for this address"},
    {ErrorCode::not_found, 404, "not-found", "Nothing here"},
    {ErrorCode::method_not_allowed, 405, "method-not-allowed", "Not with this method"},
    {ErrorCode::conflict, 409, "conflict", "The change conflicts with the current state"},
    {ErrorCode::stale, 412, "stale", "Somebody changed this meanwhile"},
    {ErrorCode::too_large, 413, "too-large", "This is too large"},
    {ErrorCode::wrong_type, 415, "wrong-type", "This kind of content is not accepted"},
    {ErrorCode::invalid_input, 422, "invalid-input", "The request has invalid fields"},
    {ErrorCode::rate_limited, 429, quota_type, quota_title},
    {ErrorCode::unavailable, 503, "unavailable", "Not available right now"},
};

const ProblemKind& kind_of(ErrorCode code) {
    for (const ProblemKind& kind : kinds)
        if (kind.code == code) return kind;
    return kinds[0];
}

}  // namespace

Response::Response(int status, std::string content_type, std::string text)
    : status(status), body(std::move(text)) {
    headers.emplace_back("Content-Type", std::move(content_type));
}

Response& Response::header(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
}

Response json_response(std::string json, int status) {
    Response response(status, "application/json", std::move(json));
    response.header("Cache-Control", "no-store");
    return response;
}

Response created(std::string json, std::string location) {
    Response response = json_response(std::move(json), 201);
    response.header("Location", std::move(location));
    return response;
}

Response no_content() {
    Response response;
    response.status = 204;
    return response;
}

Response event_stream(std::function<void(std::shared_ptr<EventStream>)> begin) {
    Response response;
    response.headers = {{"Content-Type", "text/event-stream"},
                        {"Cache-Control", "no-cache, no-store"},
                        {"X-Vercel-AI-UI-Message-Stream", "v1"},
                        {"X-Accel-Buffering", "no"}};
    response.stream = std::move(begin);
    return response;
}

int status_of(ErrorCode code) {
    return kind_of(code).status;
}

Response problem(const Error& error, std::string_view request_id) {
    const ProblemKind& kind = kind_of(error.code);
    JsonWriter json;
    json.object()
        .field("type", kind.code == ErrorCode::rate_limited ? std::string(kind.type)
                                                            : "/problems/" + std::string(kind.type))
        .field("title", kind.title)
        .field("status", kind.status)
        .field("detail", error.detail)
        .field("requestId", request_id);
    if (!error.fields.empty()) {
        json.key("errors").array();
        for (const FieldError& field : error.fields)
            json.object().field("pointer", field.pointer).field("detail", field.detail).end();
        json.end();
    }
    if (!error.policy.empty()) json.key("violated-policies").array().value(error.policy).end();
    json.end();
    Response response(kind.status, "application/problem+json", json.take());
    response.header("Cache-Control", "no-store");
    if (error.retry_after > 0) response.header("Retry-After", std::to_string(error.retry_after));
    return response;
}

Response quota_exceeded(std::string_view policy, int retry_after, std::string_view detail,
                        std::string_view request_id) {
    JsonWriter json;
    json.object()
        .field("type", quota_type)
        .field("title", quota_title)
        .field("status", 429)
        .field("detail", detail)
        .field("requestId", request_id);
    json.key("violated-policies").array().value(policy).end().end();
    Response response(429, "application/problem+json", json.take());
    response.header("Cache-Control", "no-store");
    response.header("Retry-After", std::to_string(retry_after));
    return response;
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 422:
            return "Unprocessable Content";
        case 428:
            return "Precondition Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Status";
    }
}

Response problem_of(int status, std::string_view detail, std::string_view request_id) {
    JsonWriter json;
    json.object()
        .field("type", "about:blank")
        .field("title", reason_phrase(status))
        .field("status", status)
        .field("detail", detail)
        .field("requestId", request_id)
        .end();
    Response response(status, "application/problem+json", json.take());
    response.header("Cache-Control", "no-store");
    return response;
}

std::string etag_of(std::string_view content) {
    // XXH3: an ETag need not withstand an attack, and this reads ten gigabytes a second.
    const XXH128_hash_t hash = XXH3_128bits(content.data(), content.size());
    XXH128_canonical_t mark;
    XXH128_canonicalFromHash(&mark, hash);
    return '"' + crypto::hex(std::string_view(reinterpret_cast<const char*>(mark.digest), 12)) + '"';
}

Response with_etag(const Request& request, Response response) {
    std::string etag = etag_of(response.body);
    std::string_view wanted = request.header("if-none-match");
    while (!wanted.empty()) {
        const auto comma = wanted.find(',');
        std::string_view one = utf8::trim(wanted.substr(0, comma));
        if (one.substr(0, 2) == "W/") one.remove_prefix(2);
        if (one == etag || one == "*") {
            response.status = 304;
            response.body.clear();
            break;
        }
        if (comma == std::string_view::npos) break;
        wanted.remove_prefix(comma + 1);
    }
    response.header("ETag", std::move(etag));
    return response;
}

}  // namespace bb::http
