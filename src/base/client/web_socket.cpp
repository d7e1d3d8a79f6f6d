#include "base/client/web_socket.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket.hpp>

namespace bb::client {

namespace asio = boost::asio;

struct WebSocket::Impl {
    asio::io_context io;
    boost::beast::websocket::stream<boost::beast::tcp_stream> stream{io};
};

WebSocket::WebSocket(unsigned short port, const std::string& target, std::chrono::seconds limit)
    : impl_(std::make_unique<Impl>()) {
    auto& socket = boost::beast::get_lowest_layer(impl_->stream);
    socket.connect(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port));
    const timeval wait{limit.count(), 0};
    ::setsockopt(socket.socket().native_handle(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    impl_->stream.handshake("127.0.0.1:" + std::to_string(port), target);
}

WebSocket::~WebSocket() = default;

void WebSocket::write(const std::string& message) {
    impl_->stream.write(asio::buffer(message));
}

std::string WebSocket::read() {
    boost::beast::flat_buffer buffer;
    impl_->stream.read(buffer);
    return boost::beast::buffers_to_string(buffer.data());
}

}  // namespace bb::client
