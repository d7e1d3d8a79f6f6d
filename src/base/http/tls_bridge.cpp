#include "base/http/tls_bridge.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <system_error>
#include <utility>

#include "base/core/log.hpp"

namespace bb::http {
namespace {

namespace ssl = boost::asio::ssl;

constexpr std::chrono::milliseconds handshake_time{10'000};
constexpr std::chrono::milliseconds goodbye_time{2'000};
constexpr std::chrono::milliseconds linger_time{12'000};  // a little more than a session's
constexpr std::size_t piece = 16 * 1024;                  // a TLS record

void log_failure(std::exception_ptr failed) {
    if (failed) log::error("TLS connection failed", {{"reason", "an exception left its bridge"}});
}

class TlsBridge : public std::enable_shared_from_this<TlsBridge> {
public:
    TlsBridge(std::shared_ptr<Server::Impl> server, TcpSocket socket, std::shared_ptr<ssl::context> context)
        : server_(std::move(server)),
          context_(std::move(context)),
          tls_(std::move(socket), *context_),
          inner_(server_->executor),
          deadline_([this]() { close(); }) {}
    TlsBridge(const TlsBridge&) = delete;

    Task<void> run();

private:
    void begin_session(ConnectionSlot slot);
    /// Bytes of the client to the session, until the client says goodbye or goes.
    Task<void> inwards();
    /// Bytes of the session to the client, until the session is over.
    Task<void> outwards();
    bool session_is_over();
    void close();

    std::shared_ptr<Server::Impl> server_;
    std::shared_ptr<ssl::context> context_;
    ssl::stream<TcpSocket> tls_;
    TcpSocket inner_;
    net::TimerWheel::Node deadline_;
    bool one_way_ = false;  // one of the two directions is over
};

Task<void> TlsBridge::run() {
    auto self = shared_from_this();
    ConnectionSlot slot(server_);
    boost::system::error_code unknown;
    slot.peer = server_->service.peer_of(tls_.next_layer().remote_endpoint(unknown).address());
    slot.peer->secure = true;
    server_->wheel.arm(deadline_, handshake_time);
    const auto [failed] = co_await tls_.async_handshake(ssl::stream_base::server, use_task_tuple);
    deadline_.clear();
    if (failed) co_return close();
    begin_session(std::move(slot));
    boost::asio::co_spawn(
        server_->executor, [self]() { return self->inwards(); }, log_failure);
    co_await outwards();
}

void TlsBridge::begin_session(ConnectionSlot slot) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        throw std::system_error(errno, std::generic_category(), "socketpair");
    // To us a stream of bytes is one, whatever family it is of.
    inner_.assign(boost::asio::ip::tcp::v4(), ends[0]);
    TcpSocket outer(server_->executor, boost::asio::ip::tcp::v4(), ends[1]);
    server_->start_session(std::move(outer), std::move(slot), {}, true);
}

Task<void> TlsBridge::inwards() {
    auto self = shared_from_this();
    std::string bytes(piece, '\0');
    for (;;) {
        const auto [failed, got] = co_await tls_.async_read_some(boost::asio::buffer(bytes), use_task_tuple);
        if (failed) break;
        const auto [lost, sent] =
            co_await boost::asio::async_write(inner_, boost::asio::buffer(bytes.data(), got), use_task_tuple);
        if (lost) break;
    }
    boost::system::error_code ignored;
    inner_.shutdown(TcpSocket::shutdown_send, ignored);
    if (std::exchange(one_way_, true)) close();
}

/// The session has closed its end, and not only stopped writing: it may still drop a body that nobody wants.
bool TlsBridge::session_is_over() {
    pollfd end{inner_.native_handle(), 0, 0};
    return ::poll(&end, 1, 0) > 0 && (end.revents & (POLLHUP | POLLERR)) != 0;
}

Task<void> TlsBridge::outwards() {
    auto self = shared_from_this();
    std::string bytes(piece, '\0');
    for (;;) {
        const auto [over, got] = co_await inner_.async_read_some(boost::asio::buffer(bytes), use_task_tuple);
        if (over) break;
        server_->wheel.arm(deadline_, server_->options.stall_time);
        const auto [lost, sent] =
            co_await boost::asio::async_write(tls_, boost::asio::buffer(bytes.data(), got), use_task_tuple);
        deadline_.clear();
        if (lost) break;
    }
    if (session_is_over()) {
        server_->wheel.arm(deadline_, goodbye_time);
        co_await tls_.async_shutdown(use_task_tuple);
        deadline_.clear();
        co_return close();
    }
    boost::system::error_code ignored;
    tls_.next_layer().shutdown(TcpSocket::shutdown_send, ignored);
    server_->wheel.arm(deadline_, linger_time);
    if (std::exchange(one_way_, true)) close();
}

void TlsBridge::close() {
    deadline_.clear();
    boost::system::error_code ignored;
    inner_.close(ignored);
    tls_.next_layer().close(ignored);
}

}  // namespace

void serve_tls(std::shared_ptr<Server::Impl> server, TcpSocket socket,
               std::shared_ptr<ssl::context> context) {
    const auto executor = server->executor;
    auto bridge = std::make_shared<TlsBridge>(std::move(server), std::move(socket), std::move(context));
    boost::asio::co_spawn(
        executor, [bridge]() { return bridge->run(); }, log_failure);
}

}  // namespace bb::http
