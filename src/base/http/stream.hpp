#pragma once
#include "base/http/server_impl.hpp"

namespace bb::http {

/// How a stream begins and what comes after it.
struct StreamStart {
    std::string head;  // sent before everything else
    std::string rest;  // the client's next request, as far as it has been read
    bool chunked = false;
    bool keep_alive = false;  // the connection serves requests again after close()

    StreamStart() = default;
};

/// An event stream on a socket that left its request: a few hundred bytes while it is quiet.
class SocketStream : public EventStream, public std::enable_shared_from_this<SocketStream> {
public:
    SocketStream(std::shared_ptr<Server::Impl> server, TcpSocket socket, ConnectionSlot slot,
                 StreamStart start);
    ~SocketStream() override;

    /// Begins to watch for the client's leaving and sends the head.
    void start();
    bool write(std::string_view bytes) override;
    bool write_now(std::string_view bytes) override;
    void close() override;
    bool is_open() const override { return open_ && !closing_; }
    void on_gone(std::function<void()> callback) override { gone_ = std::move(callback); }

    /// Sends what is queued as far as the socket takes it.
    void flush();
    /// Ends at once and tells whoever feeds the stream.
    void drop();

    bool dirty = false;

private:
    void append_chunk(std::string_view bytes);
    void watch();
    void wait_writable();
    void finish();
    /// Takes the stream off the books of its server.
    void leave();
    void heartbeat();

    std::shared_ptr<Server::Impl> server_;
    TcpSocket socket_;
    ConnectionSlot slot_;
    std::string pending_;  // framed bytes
    std::string rest_;     // bytes of the client's next request
    std::function<void()> gone_;
    net::TimerWheel::Node heartbeat_;
    net::TimerWheel::Node stall_;
    bool chunked_;
    bool keep_alive_;
    bool open_ = true;
    bool closing_ = false;
    bool waiting_ = false;
};

}  // namespace bb::http
