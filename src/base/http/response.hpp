#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/core/error.hpp"
#include "base/http/file_body.hpp"

namespace bb::http {

/// A response whose body keeps coming: server-sent events on a socket that left its request. Use it only on
/// the loop that made it. Heartbeat comments and write stalls are its own affair.
class EventStream {
public:
    virtual ~EventStream() = default;
    /// Queues bytes; they leave on the next shared tick (10 ms). False when the client is gone or lags more
    /// than the bound (1 MiB): the stream is then closed, and the client resumes.
    virtual bool write(std::string_view bytes) = 0;
    /// Like write, but sends at once what is queued.
    virtual bool write_now(std::string_view bytes) = 0;
    /// Sends what is queued and ends the response; the connection closes.
    virtual void close() = 0;
    virtual bool is_open() const = 0;
    /// Called once, when the client goes away or the server drains; not after close(), nor from within a
    /// write that returned false.
    virtual void on_gone(std::function<void()> callback) = 0;
};

struct Response {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string_view common_headers;  // rendered fields of every answer; must outlive this one
    std::string body;
    std::string_view static_body;  // used instead of `body` when set; must live as long as the program
    std::optional<FileBody> file;
    std::function<void(std::shared_ptr<EventStream>)> stream;  // called after the header is on its way

    Response() = default;
    Response(int status, std::string content_type, std::string body);
    Response& header(std::string name, std::string value);
};

/// 200 (or another status) with a JSON body and `Cache-Control: no-store`.
Response json_response(std::string json, int status = 200);
/// 201 with a Location.
Response created(std::string json, std::string location);
Response no_content();
/// A stream of server-sent events with the AI SDK's headers.
Response event_stream(std::function<void(std::shared_ptr<EventStream>)> begin);

/// Renders `error` as RFC 9457 problem details. The only place that turns a domain error into a status.
Response problem(const Error& error, std::string_view request_id);
/// A problem for a status that has no ErrorCode: what HTTP itself refuses (408, 431, 500 and so on).
Response problem_of(int status, std::string_view detail, std::string_view request_id);
/// 429 with Retry-After: `policy` is the one of RateLimit-Policy that was violated.
Response quota_exceeded(std::string_view policy, int retry_after, std::string_view detail,
                        std::string_view request_id);
/// "Not Found" for 404.
std::string_view reason_phrase(int status);
/// The status that `code` becomes.
int status_of(ErrorCode code);

/// `"<hash of content>"`, a strong validator for a rendered body.
std::string etag_of(std::string_view content);
/// 304 when If-None-Match fits the body, else the response with its ETag.
class Request;
Response with_etag(const Request& request, Response response);

}  // namespace bb::http
