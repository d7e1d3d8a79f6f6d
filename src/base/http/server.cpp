#include "base/http/server.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cerrno>
#include <cstring>

#include "base/core/log.hpp"
#include "base/http/session.hpp"
#include "base/http/stream.hpp"
#include "base/http/tls_bridge.hpp"
#include "base/net/tls.hpp"

namespace bb::http {
namespace {

constexpr std::chrono::milliseconds stream_tick{10};
constexpr int backlog = 4096;

/// A bound socket, or -1 with errno set.
int bind_socket(const boost::asio::ip::tcp::endpoint& endpoint, bool shared) {
    const int fd = ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    const int on = 1, off = 0;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (shared) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (endpoint.protocol().family() == AF_INET6)
        ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (::bind(fd, endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0) return fd;
    const int why = errno;
    ::close(fd);
    errno = why;
    return -1;
}

bool has_ipv6() {
    const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) ::close(fd);
    return fd >= 0;
}

Error listen_error(const boost::asio::ip::tcp::endpoint& endpoint) {
    const int why = errno;  // before anything else sets it
    const std::string where = fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
    if (why == EADDRINUSE)
        return Error(ErrorCode::unavailable, fmt::format("Another program already listens on {}.", where));
    return Error(ErrorCode::invalid_input,
                 fmt::format("Cannot listen on {}: {}.", where, std::strerror(why)));
}

}  // namespace

Result<std::vector<int>> open_listeners(const boost::asio::ip::tcp::endpoint& wanted, int count) {
    auto endpoint = wanted;
    // "Every address" means the IPv4 ones on a machine without IPv6.
    if (endpoint.address() == boost::asio::ip::address_v6::any() && !has_ipv6())
        endpoint.address(boost::asio::ip::address_v4::any());
    // SO_REUSEPORT would let a second server share the port in silence: ask for it alone first.
    const int probe = bind_socket(endpoint, false);
    if (probe < 0 || ::listen(probe, 1) != 0) {
        const Error error = listen_error(endpoint);
        if (probe >= 0) ::close(probe);
        return error;
    }
    ::close(probe);
    std::vector<int> fds;
    auto actual = endpoint;
    for (int i = 0; i < count; ++i) {
        const int fd = bind_socket(actual, true);
        if (fd < 0 || ::listen(fd, backlog) != 0) {
            const Error error = listen_error(actual);
            for (const int open : fds) ::close(open);
            return error;
        }
        fds.push_back(fd);
        if (actual.port() == 0) {
            socklen_t size = static_cast<socklen_t>(actual.capacity());
            ::getsockname(fd, actual.data(), &size);
        }
    }
    return fds;
}

Server::Impl::Impl(Executor executor, Service& service, ServerOptions options, metrics::Registry& metrics)
    : executor(executor),
      service(service),
      options(std::move(options)),
      wheel(executor),
      tick(executor),
      room(executor),
      connections_gauge(metrics.gauge("brainbytes_http_connections", "Open connections")),
      streams_gauge(metrics.gauge("brainbytes_http_event_streams", "Open event streams")) {
    wheel.start();
}

Task<void> Server::Impl::accept_loop(std::shared_ptr<TcpAcceptor> acceptor, bool plain) {
    auto self = shared_from_this();
    while (!draining) {
        if (connections >= options.max_connections) {
            room.expires_after(std::chrono::milliseconds(100));
            co_await room.async_wait(use_task_tuple);
            continue;
        }
        auto [failed, socket] = co_await acceptor->async_accept(use_task_tuple);
        if (!failed) {
            start_connection(std::move(socket), plain);
        } else if (!draining) {
            log::warn("accept failed", {{"reason", failed.message()}});
            co_await net::sleep_for(std::chrono::milliseconds(50));  // out of descriptors: let some close
        }
    }
}

void Server::Impl::close_acceptor(TcpAcceptor& acceptor, bool plain) {
    boost::system::error_code failed;
    acceptor.non_blocking(true, failed);
    while (!failed) {
        TcpSocket socket(executor);
        acceptor.accept(socket, failed);
        if (!failed) start_connection(std::move(socket), plain);
    }
    // Not close(): the socket may live on in other processes, and this one's epoll would go on to wait for
    // it.
    const int descriptor = acceptor.release(failed);
    if (!failed) ::close(descriptor);
}

void Server::Impl::start_connection(TcpSocket socket, bool plain) {
    try {
        if (options.tls && !plain)
            serve_tls(shared_from_this(), std::move(socket), options.tls->context());
        else
            start_session(std::move(socket), ConnectionSlot(shared_from_this()), {}, true);
    } catch (const std::exception& failure) {
        log::error("connection refused", {{"reason", failure.what()}});
    }
}

ConnectionSlot::ConnectionSlot(std::shared_ptr<Server::Impl> server) : server_(std::move(server)) {
    ++server_->connections;
    server_->connections_gauge.add(1);
}

void ConnectionSlot::release() {
    const auto server = std::move(server_);
    if (!server) return;
    --server->connections;
    server->connections_gauge.add(-1);
    server->room.cancel();
}

void Server::Impl::start_session(TcpSocket socket, ConnectionSlot slot, std::string rest, bool fresh) {
    auto session = std::make_shared<Session>(shared_from_this(), std::move(socket), std::move(slot),
                                             std::move(rest), fresh);
    boost::asio::co_spawn(
        executor, [session]() { return session->run(); },
        [](std::exception_ptr failed) {
            if (failed) log::error("connection failed", {{"reason", "an exception left its session"}});
        });
}

void Server::Impl::mark_dirty(const std::shared_ptr<SocketStream>& stream) {
    if (std::exchange(stream->dirty, true)) return;
    dirty.push_back(stream);
    if (std::exchange(ticking, true)) return;
    tick.expires_after(stream_tick);
    tick.async_wait([self = shared_from_this()](boost::system::error_code stopped) {
        if (!stopped) self->flush_streams();
    });
}

void Server::Impl::flush_streams() {
    ticking = false;
    auto batch = std::move(dirty);
    dirty.clear();
    for (const auto& stream : batch) {
        stream->dirty = false;
        stream->flush();
    }
}

Server::Server(Executor executor, Service& service, ServerOptions options, metrics::Registry& metrics)
    : impl_(std::make_shared<Impl>(executor, service, std::move(options), metrics)) {}

Server::~Server() {
    close_all();
}

void Server::listen(int descriptor, bool plain) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
    const auto protocol =
        address.ss_family == AF_INET6 ? boost::asio::ip::tcp::v6() : boost::asio::ip::tcp::v4();
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // its connections inherit it
    auto acceptor = std::make_shared<TcpAcceptor>(impl_->executor, protocol, descriptor);
    impl_->acceptors.push_back({acceptor, plain});
    boost::asio::co_spawn(
        impl_->executor, [impl = impl_, acceptor, plain]() { return impl->accept_loop(acceptor, plain); },
        boost::asio::detached);
}

void Server::begin_drain(Idle idle) {
    impl_->draining = true;
    impl_->room.cancel();
    for (auto& [acceptor, plain] : std::exchange(impl_->acceptors, {}))
        impl_->close_acceptor(*acceptor, plain);
    if (idle == Idle::keep) return;
    const auto sessions = impl_->sessions;  // closing changes the set
    for (Session* session : sessions) session->close_if_idle();
}

std::size_t Server::connections() const {
    return impl_->connections;
}

std::size_t Server::busy() const {
    std::size_t count = impl_->streams.size();
    for (const Session* session : impl_->sessions) count += session->idle() ? 0 : 1;
    return count;
}

void Server::close_all() {
    begin_drain();
    // Whoever is told that a stream has gone may let go of others.
    std::vector<std::weak_ptr<SocketStream>> streams;
    for (SocketStream* stream : impl_->streams) streams.push_back(stream->weak_from_this());
    for (const auto& weak : streams)
        if (const auto stream = weak.lock()) stream->drop();
    const auto sessions = impl_->sessions;
    for (Session* session : sessions) session->close();
    impl_->wheel.stop();
    impl_->tick.cancel();
    impl_->dirty.clear();  // they hold the server that holds them
}

}  // namespace bb::http
