#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http/request.hpp"

namespace bb::http {

/// Bounds on one request; see the constants' users for what happens beyond them.
struct RequestLimits {
    std::size_t header_bytes = 16 * 1024;  // 431
    std::size_t header_count = 100;        // 431
    std::size_t target_bytes = 8 * 1024;   // 414
};

/// The start line and header fields of a request.
struct RequestHead {
    Method method = Method::other;
    std::string target;
    bool http_1_0 = false;
    bool keep_alive = false;
    bool chunked = false;
    bool has_body = false;  // a chunked one, or a Content-Length above 0
    bool expects_continue = false;
    std::optional<std::uint64_t> content_length;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
};

/// Reads one HTTP/1.1 request (RFC 9112) from bytes as they come, with the strict answer wherever lenience
/// would let two readers disagree: exactly one Host, no folded lines, no bare CR or LF, no other transfer
/// coding than chunked, no Content-Length beside it.
class RequestParser {
public:
    enum class Step { more, head, done, failed };

    explicit RequestParser(RequestLimits limits = {});
    ~RequestParser();
    RequestParser(RequestParser&&) noexcept;

    /// Takes bytes and adds to `used` how many it took. Stops after the head, so that the caller may choose
    /// the body's bound, then after the body. `more`: everything useful was taken or kept by the caller for
    /// the next call.
    Step feed(std::string_view bytes, std::size_t& used);
    /// Call after `head`: a body beyond this fails with 413.
    void limit_body(std::size_t bytes);

    const RequestHead& head() const;
    /// Moves the target and the header fields out of the head; its other members stay.
    std::string take_target();
    std::vector<std::pair<std::string, std::string>> take_headers();
    /// What has come of the body since the last call.
    std::string take_body();
    /// Status for a failed request: 400, 413, 414, 431, 501 or 505, and a sentence.
    int failure_status() const;
    const std::string& failure() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bb::http
