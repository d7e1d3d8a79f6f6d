#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/metrics.hpp"
#include "base/core/task.hpp"
#include "base/http/body_budget.hpp"
#include "base/http/parser.hpp"
#include "base/http/service.hpp"

namespace bb::net {
class TlsIdentity;
}

namespace bb::http {

struct ServerOptions {
    RequestLimits limits;
    std::size_t max_connections = 4000;             // of this loop; accepting pauses at the bound
    std::chrono::milliseconds header_time{10'000};  // from the first byte to the end of the head: 408
    std::chrono::milliseconds body_time{30'000};    // without progress in the body: 408
    std::chrono::milliseconds idle_time{60'000};    // between requests on one connection
    std::chrono::milliseconds stall_time{20'000};   // a client that takes no bytes
    /// Of all loops; beyond: 503.
    std::shared_ptr<BodyBudget> bodies = std::make_shared<BodyBudget>(256 << 20);
    std::chrono::milliseconds heartbeat{15'000};  // comment line on a quiet event stream
    std::shared_ptr<net::TlsIdentity> tls;        // null: connections are not encrypted here
};

/// Opens `count` listening sockets on one address, for as many loops, that share its connections
/// (SO_REUSEPORT). Errors: unavailable when somebody else listens there, invalid_input when the address is
/// not this machine's.
Result<std::vector<int>> open_listeners(const boost::asio::ip::tcp::endpoint& endpoint, int count);

/// Connections of one loop. Owns them and the event streams that left their requests.
class Server {
public:
    Server(Executor executor, Service& service, ServerOptions options, metrics::Registry& metrics);
    ~Server();
    Server(const Server&) = delete;

    /// Starts to accept on a listening descriptor and takes it over. `plain`: without TLS, also where it is
    /// configured.
    void listen(int descriptor, bool plain = false);
    /// What becomes of connections on which nothing is asked when a server drains: a request that is on its
    /// way meets a closed connection, or is answered, and ends it.
    enum class Idle { close, keep };
    /// Stops accepting; answers from now on end their connection.
    void begin_drain(Idle idle = Idle::close);
    /// Requests and event streams that are still open.
    std::size_t busy() const;
    /// All connections, idle ones too.
    std::size_t connections() const;
    /// Ends event streams (their clients resume elsewhere) and all connections.
    void close_all();

    struct Impl;

private:
    std::shared_ptr<Impl> impl_;
};

}  // namespace bb::http
