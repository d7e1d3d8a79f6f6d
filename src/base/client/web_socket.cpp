#include "base/client/web_socket.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <optional>

namespace bb::client {

namespace asio = boost::asio;
using boost::system::error_code;

struct WebSocket::Impl {
    /// Runs what `begin` has begun to its end, or for `limit`: then the connection is given up.
    template <class Begin>
    void finish(Begin begin) {
        std::optional<error_code> ended;
        begin([&ended](error_code code, auto&&...) { ended = code; });
        io.restart();
        io.run_for(limit);
        if (!ended) {
            boost::beast::get_lowest_layer(stream).close();
            io.restart();
            io.run();  // everything pending ends now
            ended = asio::error::timed_out;
        }
        if (*ended) throw boost::system::system_error(*ended);
    }

    asio::io_context io;
    boost::beast::websocket::stream<boost::beast::tcp_stream> stream{io};
    std::chrono::seconds limit{};
};

WebSocket::WebSocket(unsigned short port, const std::string& target, std::chrono::seconds limit)
    : impl_(std::make_unique<Impl>()) {
    auto& io = *impl_;
    io.limit = limit;
    const asio::ip::tcp::endpoint peer(asio::ip::address_v4::loopback(), port);
    io.finish([&](auto done) { boost::beast::get_lowest_layer(io.stream).async_connect(peer, done); });
    const auto host = "127.0.0.1:" + std::to_string(port);
    io.finish([&](auto done) { io.stream.async_handshake(host, target, done); });
}

WebSocket::~WebSocket() = default;

void WebSocket::write(const std::string& message) {
    impl_->finish([&](auto done) { impl_->stream.async_write(asio::buffer(message), done); });
}

std::string WebSocket::read() {
    boost::beast::flat_buffer buffer;
    impl_->finish([&](auto done) { impl_->stream.async_read(buffer, done); });
    return boost::beast::buffers_to_string(buffer.data());
}

}  // namespace bb::client
