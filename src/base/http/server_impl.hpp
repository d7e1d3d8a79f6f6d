#pragma once
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <unordered_set>

#include "base/http/server.hpp"
#include "base/net/wheel.hpp"

namespace bb::http {

using TcpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;
using TcpAcceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;

class Session;
class SocketStream;

/// One of the connections that the loop may have: counted while this lives.
class ConnectionSlot {
public:
    explicit ConnectionSlot(std::shared_ptr<Server::Impl> server);
    ~ConnectionSlot() { release(); }
    ConnectionSlot(ConnectionSlot&&) noexcept = default;
    void release();

    /// Who is at the other end, when that is not the one at the other end of the socket.
    std::optional<Service::Peer> peer;

private:
    std::shared_ptr<Server::Impl> server_;
};

/// What sessions and streams of one loop share.
struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
    Impl(Executor executor, Service& service, ServerOptions options, metrics::Registry& metrics);

    Task<void> accept_loop(std::shared_ptr<TcpAcceptor> acceptor, bool plain);
    /// Takes what waits in the accept queue, then closes it: closing alone would reset those connections.
    void close_acceptor(TcpAcceptor& acceptor, bool plain);
    /// `plain`: without TLS, also where it is configured.
    void start_connection(TcpSocket socket, bool plain);
    /// Serves requests on a connection until it closes or becomes an event stream. `rest`: bytes already
    /// read.
    void start_session(TcpSocket socket, ConnectionSlot slot, std::string rest, bool fresh);
    /// Marks a stream for the next shared tick.
    void mark_dirty(const std::shared_ptr<SocketStream>& stream);
    void flush_streams();

    Executor executor;
    Service& service;
    ServerOptions options;
    net::TimerWheel wheel;
    net::Timer tick;
    net::Timer room;  // cancelled when a connection slot becomes free
    bool ticking = false;
    bool draining = false;
    std::size_t connections = 0;
    struct Listening {
        std::shared_ptr<TcpAcceptor> acceptor;
        bool plain;
    };
    std::vector<Listening> acceptors;
    std::unordered_set<Session*> sessions;
    std::unordered_set<SocketStream*> streams;
    std::vector<std::shared_ptr<SocketStream>> dirty;
    metrics::Gauge connections_gauge;
    metrics::Gauge streams_gauge;
};

/// A response's status line and header fields, ready to be sent. `chunked` adds the transfer coding; a
/// `length` adds its field.
std::string render_head(const Response& response, bool keep_alive, bool chunked,
                        std::optional<std::uint64_t> length);

}  // namespace bb::http
