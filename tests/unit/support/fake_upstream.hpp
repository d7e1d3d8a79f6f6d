#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>

#include "base/core/task.hpp"

namespace bb::test {

using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;

/// Runs `task` on `loop` to its end and rethrows what it threw. Fails the test after `limit`.
void run(boost::asio::io_context& loop, Task<void> task,
         std::chrono::milliseconds limit = std::chrono::seconds(10));

Task<void> pause(std::chrono::milliseconds time);

/// A server on a free port of this machine, on the test's own loop. For each request the script writes what
/// it likes.
class FakeUpstream {
public:
    /// Gets the head and body of the request; returning leaves the connection open for the next one.
    using Script = std::function<Task<void>(Socket&, std::string request)>;

    FakeUpstream(Executor executor, Script script);

    std::string url(std::string_view path) const;
    int connections() const { return state_->connections; }
    int requests() const { return state_->requests; }

private:
    struct State {
        State(Executor executor, Script script);
        boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor> acceptor;
        Script script;
        int connections = 0;
        int requests = 0;
    };
    static Task<void> listen(std::shared_ptr<State> state);
    static Task<void> serve(std::shared_ptr<State> state, Socket socket);

    std::shared_ptr<State> state_;
};

/// Writes everything; false when the peer has gone.
Task<bool> say(Socket& socket, std::string text);
/// Waits until the peer closes.
Task<void> until_closed(Socket& socket);
/// A whole response with a Content-Length.
std::string response(int status, std::string_view body, std::string_view more_headers = {});
/// As gzip packs it.
std::string gzipped(const std::string& plain);
/// A few hundred bytes, packed three times with gzip: millions of blocks of nothing.
std::string nothing_in_three_layers();

}  // namespace bb::test
