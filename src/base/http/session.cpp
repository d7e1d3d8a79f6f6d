#include "base/http/session.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

#include "base/core/time.hpp"
#include "base/http/stream.hpp"

namespace bb::http {
namespace {

constexpr std::size_t read_size = 64 * 1024;
constexpr std::size_t linger_bytes = 4 << 20;
constexpr std::chrono::milliseconds linger_time{2'000};

/// Bytes go through one buffer per thread, so that an idle connection holds none.
char* read_buffer() {
    thread_local std::unique_ptr<char[]> buffer = std::make_unique<char[]>(read_size);
    return buffer.get();
}

}  // namespace

std::string render_head(const Response& response, bool keep_alive, bool chunked, std::uint64_t length) {
    thread_local std::string date;
    thread_local std::chrono::seconds date_of{0};
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(bb::now().time_since_epoch());
    if (seconds != date_of) {
        date = to_http_date(bb::now());
        date_of = seconds;
    }
    std::string head;
    head.reserve(1024);
    fmt::format_to(std::back_inserter(head), "HTTP/1.1 {} {}\r\nDate: {}\r\nConnection: {}\r\n", response.status,
                   reason_phrase(response.status), date, keep_alive ? "keep-alive" : "close");
    for (const auto& [name, value] : response.headers) {
        head += name;
        head += ": ";
        head += value;
        head += "\r\n";
    }
    const bool bodiless = response.status == 204 || response.status == 304;
    if (chunked)
        head += "Transfer-Encoding: chunked\r\n";
    else if (!bodiless && !response.stream)
        fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", length);
    head += "\r\n";
    return head;
}

Session::Session(std::shared_ptr<Server::Impl> server, TcpSocket socket, std::string rest)
    : server_(std::move(server)), socket_(std::move(socket)), in_(std::move(rest)), deadline_([this]() {
          timed_out_ = true;
          boost::system::error_code ignored;
          socket_.cancel(ignored);
      }) {
    boost::system::error_code failed;
    peer_ = socket_.remote_endpoint(failed).address();
    server_->sessions.insert(this);
}

Session::~Session() {
    server_->sessions.erase(this);
    if (socket_.is_open()) server_->connection_closed();
}

void Session::close_if_idle() {
    if (idle_) close();
}

void Session::close() {
    boost::system::error_code ignored;
    if (!socket_.is_open()) return;
    socket_.close(ignored);
    server_->connection_closed();
}

Task<void> Session::run() {
    auto self = shared_from_this();
    Next next = Next::again;
    while (next == Next::again && socket_.is_open()) next = co_await serve_one();
    deadline_.clear();
    close();
}

Task<bool> Session::read_more(std::chrono::milliseconds limit) {
    for (;;) {
        const ssize_t n = ::recv(socket_.native_handle(), read_buffer(), read_size, MSG_DONTWAIT);
        if (n > 0) {
            in_.append(read_buffer(), static_cast<std::size_t>(n));
            co_return true;
        }
        if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) co_return false;
        server_->wheel.arm(deadline_, limit);
        const auto [failed] = co_await socket_.async_wait(TcpSocket::wait_read, use_task_tuple);
        deadline_.clear();
        if (failed || !socket_.is_open()) co_return false;
    }
}

Task<bool> Session::read_body(RequestParser& parser, const Service::Plan& plan) {
    parser.limit_body(server_->service.body_limit(plan));
    bool told = !parser.head().expects_continue;
    for (;;) {
        std::size_t used = 0;
        const auto step = parser.feed(in_, used);
        in_.erase(0, used);
        if (step == RequestParser::Step::done) co_return true;
        if (step == RequestParser::Step::failed) co_return false;
        if (!std::exchange(told, true) && !co_await send("HTTP/1.1 100 Continue\r\n\r\n", {})) co_return false;
        if (!co_await read_more(server_->options.body_time)) co_return false;
    }
}

Task<Session::Next> Session::serve_one() {
    RequestParser parser(server_->options.limits);
    Request request;
    idle_ = in_.empty();
    if (idle_ && server_->draining) co_return Next::stop;
    if (idle_ && !co_await read_more(server_->options.idle_time)) co_return Next::stop;
    idle_ = false;
    const auto began = Clock::now();
    auto step = RequestParser::Step::more;
    for (;;) {
        std::size_t used = 0;
        step = parser.feed(in_, used);
        in_.erase(0, used);
        if (step != RequestParser::Step::more) break;
        const auto left = server_->options.header_time -
                          std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
        if (left.count() <= 0 || !co_await read_more(left)) {
            if (timed_out_ || left.count() <= 0) co_await refuse(parser, request);
            co_return Next::stop;
        }
    }
    request.method = parser.head().method;
    request.target = parser.head().target;
    request.headers = parser.head().headers;
    server_->service.identify(request, peer_);
    Service::Plan plan;
    plan.template_name = "unreadable";
    if (step != RequestParser::Step::failed) plan = server_->service.plan(request);
    if (step == RequestParser::Step::failed || !co_await read_body(parser, plan)) {
        const int status = parser.failure_status();
        co_await refuse(parser, request);
        server_->service.record(request, plan, status ? status : 408,
                                std::chrono::duration<double>(Clock::now() - began).count());
        co_return Next::stop;
    }
    request.body = parser.take_body();
    Response response = co_await server_->service.handle(request, plan);
    const bool keep_alive = parser.head().keep_alive && !server_->draining;
    server_->service.record(request, plan, response.status, std::chrono::duration<double>(Clock::now() - began).count());
    co_return co_await respond(request, std::move(response), keep_alive, parser.head().http_1_0);
}

Task<Session::Next> Session::respond(const Request& request, Response response, bool keep_alive, bool http_1_0) {
    if (response.stream && request.method != Method::head) {
        begin_stream(std::move(response), keep_alive, http_1_0);
        co_return Next::stop;
    }
    const std::string_view body = response.static_body.data() ? response.static_body : response.body;
    const std::uint64_t length = response.file ? response.file->size : body.size();
    const std::string head = render_head(response, keep_alive, false, length);
    const bool bodiless = request.method == Method::head || response.status == 204 || response.status == 304;
    bool sent = co_await send(head, bodiless ? std::string_view() : body);
    if (sent && response.file && !bodiless) sent = co_await send_file(*response.file);
    co_return (sent && keep_alive) ? Next::again : Next::stop;
}

void Session::begin_stream(Response response, bool keep_alive, bool http_1_0) {
    const bool stays = keep_alive && !http_1_0;
    std::string head = render_head(response, stays, !http_1_0, 0);
    auto stream = std::make_shared<SocketStream>(server_, std::move(socket_), std::move(head), !http_1_0, stays);
    stream->start();
    response.stream(stream);
}

Task<bool> Session::send(std::string_view head, std::string_view body) {
    iovec parts[2] = {{const_cast<char*>(head.data()), head.size()}, {const_cast<char*>(body.data()), body.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    while (parts[0].iov_len + parts[1].iov_len > 0) {
        const ssize_t n = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) co_return false;
        auto sent = static_cast<std::size_t>(std::max<ssize_t>(n, 0));
        for (iovec& part : parts) {
            const std::size_t taken = std::min(sent, part.iov_len);
            part.iov_base = static_cast<char*>(part.iov_base) + taken;
            part.iov_len -= taken;
            sent -= taken;
        }
        if (parts[0].iov_len + parts[1].iov_len == 0) break;
        server_->wheel.arm(deadline_, server_->options.stall_time);
        const auto [failed] = co_await socket_.async_wait(TcpSocket::wait_write, use_task_tuple);
        deadline_.clear();
        if (failed || !socket_.is_open()) co_return false;
    }
    co_return true;
}

Task<bool> Session::send_file(const FileBody& file) {
    // Pages of a file that was just stored or is being read in order are in memory; 64 KiB at a time keeps the loop lively.
    std::string piece;
    for (std::uint64_t at = 0; at < file.size;) {
        piece.resize(std::min<std::uint64_t>(read_size, file.size - at));
        const ssize_t n = ::pread(*file.descriptor, piece.data(), piece.size(), static_cast<off_t>(at));
        if (n <= 0) co_return false;
        piece.resize(static_cast<std::size_t>(n));
        if (!co_await send(piece, {})) co_return false;
        at += static_cast<std::uint64_t>(n);
    }
    co_return true;
}

Task<void> Session::refuse(RequestParser& parser, Request& request) {
    if (!socket_.is_open()) co_return;
    const bool failed = parser.failure_status() != 0;
    if (!failed && !timed_out_ && request.id.empty()) co_return;
    if (request.id.empty()) server_->service.identify(request, peer_);
    Response response = failed ? server_->service.refuse(parser.failure_status(), parser.failure(), request.id)
                               : server_->service.refuse(408, "The request took too long to arrive.", request.id);
    server_->service.finish(request, response);
    if (co_await send(render_head(response, false, false, response.body.size()), response.body)) co_await linger();
}

Task<void> Session::linger() {
    // Closing with unread bytes would reset the connection and could take the answer with it.
    boost::system::error_code ignored;
    socket_.shutdown(TcpSocket::shutdown_send, ignored);
    const auto until = Clock::now() + linger_time;
    std::size_t thrown_away = 0;
    timed_out_ = false;
    while (thrown_away < linger_bytes && Clock::now() < until) {
        in_.clear();
        if (!co_await read_more(std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()))) break;
        thrown_away += in_.size();
    }
}

}  // namespace bb::http
