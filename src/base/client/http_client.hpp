#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/core/task.hpp"

namespace bb::client {

/// Why a transfer has no (whole) reply.
enum class Failure {
    connect,  // no connection: name unknown, refused, certificate not trusted, or the connect deadline passed
    slow,     // a deadline passed after the connection stood
    cut,      // the peer closed or broke the connection in the middle
    too_large,  // more bytes than the request allows
    aborted,    // ended from this side
    invalid,    // the request itself cannot be sent: bad address, line break in a header
};

/// How long each stage may take; zero: no bound.
struct Deadlines {
    std::chrono::milliseconds connect{5'000};
    std::chrono::milliseconds first{0};  // from the start to the first progress of the body
    std::chrono::milliseconds idle{0};   // between two signs of progress
    std::chrono::milliseconds whole{30'000};
    std::chrono::seconds silence{0};  // in which not a byte goes either way
};

/// One request to somebody else's server. Redirects are not followed: they could carry a key away.
struct Outgoing {
    std::string method;
    std::string url;  // http or https
    /// Name or IP address to connect to instead of the URL's host, which stays what is asked for and what the
    /// certificate must name. No proxy is used then.
    std::string connect_to;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::shared_ptr<const std::string> shared_body;  // instead, where several attempts send the same
    Deadlines deadlines;
    std::size_t max_bytes = 1 << 20;  // of the reply's body
    long receive_buffer = 16 * 1024;  // bytes, held as long as the transfer lasts: a slow stream needs few

    Outgoing(std::string method, std::string url) : method(std::move(method)), url(std::move(url)) {}
};

/// What came back. With `failure` set the other fields hold what had arrived by then.
struct Reply {
    int status = 0;                                            // 0: no status line came
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string body;                                          // empty when it went to a sink
    std::optional<Failure> failure;
    bool miscoded = false;  // with Failure::cut: the body is packed in a way that was not asked for
    std::string detail;  // for the operator's log; may name the host, and holds nothing else of what was sent

    /// First header with this lower-case name, or empty.
    std::string_view header(std::string_view name) const;
};

/// Ends a transfer from outside, on the same loop: its connection is closed at once.
class Abort {
public:
    void abort();
    bool aborted() const { return aborted_; }

private:
    friend class Transfer;
    bool aborted_ = false;
    std::function<void()> wake_;
};

/// What a sink made of a piece of the body. Only progress puts the idle deadline off.
enum class Heard { progress, nothing, stop };

/// Called with the status and each piece of the body as it comes; never from inside the transfer library.
using Sink = std::function<Heard(int status, std::string_view piece)>;

/// HTTP/1.1 to other servers, with kept connections. One object per loop; use it only there.
class HttpClient {
public:
    /// `ca_file`: PEM file with the authorities whose certificates are believed; none: the system's.
    explicit HttpClient(Executor executor, std::string ca_file = {});
    /// Transfers under way end as aborted.
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;

    /// The whole reply in memory.
    Task<Reply> send(Outgoing request);
    /// Hands the body to `sink` as it comes. `abort` may be null. Cancelling the coroutine also closes the
    /// connection.
    Task<Reply> stream(Outgoing request, Sink sink, std::shared_ptr<Abort> abort);

private:
    std::shared_ptr<class Multi> multi_;
};

}  // namespace bb::client
