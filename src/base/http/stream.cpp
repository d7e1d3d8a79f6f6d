#include "base/http/stream.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>

namespace bb::http {
namespace {

constexpr std::size_t max_pending = 1 << 20;  // bytes; a client that lags more resumes later

}  // namespace

SocketStream::SocketStream(std::shared_ptr<Server::Impl> server, TcpSocket socket, ConnectionSlot slot,
                           StreamStart start)
    : server_(std::move(server)),
      socket_(std::move(socket)),
      slot_(std::move(slot)),
      pending_(std::move(start.head)),
      rest_(std::move(start.rest)),
      heartbeat_([this]() { heartbeat(); }),
      stall_([this]() { drop(); }),
      chunked_(start.chunked),
      keep_alive_(start.keep_alive) {
    if (rest_.empty()) std::string().swap(rest_);
    server_->streams.insert(this);
    server_->streams_gauge.add(1);
}

SocketStream::~SocketStream() {
    leave();
}

void SocketStream::leave() {
    open_ = false;
    heartbeat_.clear();
    stall_.clear();
    if (server_->streams.erase(this) > 0) server_->streams_gauge.add(-1);
}

void SocketStream::start() {
    server_->wheel.arm(heartbeat_, server_->options.heartbeat);
    watch();
    server_->mark_dirty(shared_from_this());
}

void SocketStream::watch() {
    socket_.async_wait(TcpSocket::wait_read, [self = shared_from_this()](boost::system::error_code failed) {
        if (failed || !self->open_) return;
        char byte;
        const ssize_t n = ::recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        // Bytes can only be the client's next request; they wait in the socket until the stream has ended.
        if (n > 0) return;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return self->watch();
        self->drop();
    });
}

void SocketStream::append_chunk(std::string_view bytes) {
    if (!chunked_) {
        pending_ += bytes;
        return;
    }
    fmt::format_to(std::back_inserter(pending_), "{:x}\r\n", bytes.size());
    pending_ += bytes;
    pending_ += "\r\n";
}

bool SocketStream::write(std::string_view bytes) {
    if (!open_ || closing_) return false;
    if (bytes.empty()) return true;
    if (pending_.size() + bytes.size() > max_pending) {
        gone_ = nullptr;  // the caller learns it from the result
        drop();
        return false;
    }
    append_chunk(bytes);
    server_->mark_dirty(shared_from_this());
    return true;
}

bool SocketStream::write_now(std::string_view bytes) {
    if (!write(bytes)) return false;
    auto gone = std::exchange(gone_, nullptr);  // the caller learns it from the result
    flush();
    if (open_) gone_ = std::move(gone);
    return open_;
}

void SocketStream::close() {
    if (!open_ || closing_) return;
    closing_ = true;
    gone_ = nullptr;
    if (chunked_) pending_ += "0\r\n\r\n";
    flush();
}

void SocketStream::flush() {
    if (!open_ || waiting_) return;
    const auto self = shared_from_this();
    std::size_t sent = 0;
    while (sent < pending_.size()) {
        const ssize_t n = ::send(socket_.native_handle(), pending_.data() + sent, pending_.size() - sent,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            sent += static_cast<std::size_t>(n);
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            break;
        } else {
            return drop();
        }
    }
    if (sent == pending_.size()) {
        std::string().swap(pending_);  // quiet streams hold no buffer
        stall_.clear();
        server_->wheel.arm(heartbeat_, server_->options.heartbeat);
        if (closing_) finish();
        return;
    }
    if (sent > 0 || !stall_.armed()) server_->wheel.arm(stall_, server_->options.stall_time);
    pending_.erase(0, sent);
    wait_writable();
}

void SocketStream::wait_writable() {
    waiting_ = true;
    socket_.async_wait(TcpSocket::wait_write, [self = shared_from_this()](boost::system::error_code failed) {
        self->waiting_ = false;
        if (!failed) self->flush();
    });
}

void SocketStream::finish() {
    leave();
    boost::system::error_code ignored;
    socket_.cancel(ignored);
    if (keep_alive_ && chunked_ && !server_->draining) {
        server_->start_session(std::move(socket_), std::move(slot_), std::move(rest_), false);
        return;
    }
    socket_.shutdown(TcpSocket::shutdown_both, ignored);
    socket_.close(ignored);
    slot_.release();
}

void SocketStream::drop() {
    if (!open_) return;
    const auto self = shared_from_this();
    leave();
    boost::system::error_code ignored;
    socket_.close(ignored);
    slot_.release();
    if (const auto gone = std::exchange(gone_, nullptr)) gone();
}

void SocketStream::heartbeat() {
    if (!open_ || closing_) return;
    if (pending_.empty()) append_chunk(": keep-alive\n\n");
    flush();
    if (open_) server_->wheel.arm(heartbeat_, server_->options.heartbeat);
}

}  // namespace bb::http
