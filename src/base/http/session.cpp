#include "base/http/session.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <cerrno>

#include "base/core/log.hpp"
#include "base/core/time.hpp"
#include "base/http/stream.hpp"

namespace bb::http {
namespace {

constexpr std::size_t first_read = 2 * 1024;   // held by an idle connection
constexpr std::size_t small_body = 64 * 1024;  // read and dropped after an early answer
constexpr std::chrono::milliseconds fresh_drain_time{1'000};

/// "Date: ..." of this second.
const std::string& date_header() {
    thread_local std::string line;
    thread_local std::chrono::seconds second{0};
    const auto time = bb::now();
    const auto current = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
    if (current != second) {
        line = "Date: " + to_http_date(time) + "\r\n";
        second = current;
    }
    return line;
}

/// Fills `piece` with what comes next; 0 at the end, or when it cannot be read.
std::size_t read_piece(const FileBody& file, std::string& piece, const std::string& request) {
    try {
        return file.source->read(piece.data(), piece.size());
    } catch (const std::exception& fault) {
        log::error("a file was sent in part", {{"request", request}, {"reason", fault.what()}});
        return 0;
    }
}

}  // namespace

std::string render_head(const Response& response, bool keep_alive, bool chunked,
                        std::optional<std::uint64_t> length) {
    std::string head;
    head.reserve(512 + response.common_headers.size());
    head += "HTTP/1.1 ";
    head += fmt::format_int(response.status).c_str();
    head += ' ';
    head += reason_phrase(response.status);
    head += keep_alive ? "\r\nConnection: keep-alive\r\n" : "\r\nConnection: close\r\n";
    head += date_header();
    head += response.common_headers;
    for (const auto& [name, value] : response.headers) {
        head += name;
        head += ": ";
        head += value;
        head += "\r\n";
    }
    if (chunked) head += "Transfer-Encoding: chunked\r\n";
    if (length) {
        head += "Content-Length: ";
        head += fmt::format_int(*length).c_str();
        head += "\r\n";
    }
    head += "\r\n";
    return head;
}

Session::Session(std::shared_ptr<Server::Impl> server, TcpSocket socket, ConnectionSlot slot,
                 std::string rest, bool fresh)
    : server_(std::move(server)),
      socket_(std::move(socket)),
      slot_(std::move(slot)),
      in_(std::move(rest)),
      deadline_([this]() {
          timed_out_ = true;
          boost::system::error_code ignored;
          socket_.cancel(ignored);
      }),
      fresh_(fresh) {
    boost::system::error_code failed;
    peer_ = slot_.peer ? *slot_.peer : server_->service.peer_of(socket_.remote_endpoint(failed).address());
    server_->sessions.insert(this);
}

Session::~Session() {
    server_->sessions.erase(this);
}

void Session::close_if_idle() {
    boost::system::error_code failed;
    if (!idle_ || socket_.available(failed) > 0) return;
    if (fresh_)
        server_->wheel.arm(deadline_, fresh_drain_time);
    else
        close();
}

void Session::close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
    slot_.release();
}

Task<void> Session::run() {
    auto self = shared_from_this();
    Next next = Next::again;
    while (next == Next::again && socket_.is_open()) next = co_await serve_one();
    deadline_.clear();
    close();
}

Task<bool> Session::read_more(std::chrono::milliseconds limit, std::size_t at_most) {
    if (!socket_.is_open()) co_return false;
    const std::size_t before = in_.size();
    in_.resize(before + at_most);
    server_->wheel.arm(deadline_, limit);
    const auto [failed, bytes] =
        co_await socket_.async_read_some(boost::asio::buffer(in_.data() + before, at_most), use_task_tuple);
    deadline_.clear();
    in_.resize(before + bytes);
    co_return !failed && bytes > 0;
}

Task<bool> Session::wait_for_request() {
    idle_ = in_.empty();
    if (!idle_) co_return true;
    if (server_->draining && !fresh_) {
        // What the client sent before it could know is still answered.
        boost::system::error_code failed;
        if (socket_.available(failed) == 0) co_return false;
    }
    const bool hurried = server_->draining && fresh_;
    const auto limit =
        hurried ? std::min(fresh_drain_time, server_->options.idle_time) : server_->options.idle_time;
    const bool came = co_await read_more(limit, first_read);
    idle_ = fresh_ = false;
    co_return came;
}

Task<Session::Read> Session::read_head(RequestParser& parser) {
    for (;;) {
        std::size_t used = 0;
        const auto step = parser.feed(in_, used);
        in_.erase(0, used);
        if (step == RequestParser::Step::failed) co_return Read::failed;
        if (step != RequestParser::Step::more) co_return Read::done;
        const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began_);
        const auto left = server_->options.header_time - spent;
        if (left.count() <= 0) co_return Read::late;
        if (!co_await read_more(left, first_read)) co_return timed_out_ ? Read::late : Read::gone;
    }
}

void Session::record(const Request& request, const Service::Plan& plan, int status) const {
    server_->service.record(request, plan, status,
                            std::chrono::duration<double>(Clock::now() - began_).count());
}

Task<Session::Next> Session::serve_one() {
    RequestParser parser(server_->options.limits);
    Request request;
    Service::Plan plan;
    BodyShare share(*server_->options.bodies);
    plan.template_name = "unreadable";
    if (!co_await wait_for_request()) co_return Next::stop;
    began_ = Clock::now();
    Read read = co_await read_head(parser);
    if (read == Read::gone) co_return Next::stop;
    request.method = parser.head().method;
    request.target = parser.take_target();
    request.headers = parser.take_headers();
    server_->service.identify(request, peer_);
    if (read == Read::done) {
        plan = server_->service.plan(request);
        auto early = co_await server_->service.admit(request, plan);
        if (early) {
            record(request, plan, early->status);
            co_return co_await answer_early(parser, request, std::move(*early));
        }
        if (plan.route && plan.route->options.takes_pieces)
            co_return co_await serve_in_pieces(parser, request, plan, share);
        read = co_await read_body(parser, server_->service.body_limit(plan), share);
    }
    if (read != Read::done) {
        co_await refuse(parser, request, plan, read);
        co_return Next::stop;
    }
    request.body = parser.take_body();
    Response response = co_await server_->service.handle(request, plan);
    const bool keep_alive = parser.head().keep_alive && !server_->draining;
    record(request, plan, response.status);
    co_return co_await respond(request, std::move(response), keep_alive, parser.head().http_1_0);
}

Task<Session::Next> Session::answer_early(RequestParser& parser, const Request& request, Response response) {
    const RequestHead& head = parser.head();
    // Whoever waits for "100 Continue" sends its body only after that; a large one is not worth waiting for.
    const bool leave_body = head.expects_continue || head.content_length.value_or(0) > small_body;
    const bool cut = head.has_body && leave_body;
    const bool keep_alive = head.keep_alive && !server_->draining && !cut;
    const Next next = co_await respond(request, std::move(response), keep_alive, head.http_1_0);
    if (next == Next::again && head.has_body) {
        BodyShare share(*server_->options.bodies);
        const Read read = co_await read_body(parser, small_body, share);
        if (read == Read::done) co_return next;
    }
    if (head.has_body) {
        co_await linger();
        co_return Next::stop;
    }
    co_return next;
}

Task<Session::Next> Session::respond(const Request& request, Response response, bool keep_alive,
                                     bool http_1_0) {
    if (!socket_.is_open()) co_return Next::stop;
    if (response.stream && request.method != Method::head) {
        begin_stream(std::move(response), keep_alive, http_1_0);
        co_return Next::stop;
    }
    const std::string_view body = response.static_body.data() ? response.static_body : response.body;
    const bool bodiless = response.status == 204 || response.status == 304;
    std::optional<std::uint64_t> length;
    if (!bodiless && !response.stream) length = response.file ? response.file->size : body.size();
    const std::string head = render_head(response, keep_alive, false, length);
    const bool unsent = bodiless || request.method == Method::head;
    bool sent = co_await send(head, unsent ? std::string_view() : body);
    if (sent && response.file && !unsent) sent = co_await send_file(*response.file, request.id);
    co_return (sent && keep_alive) ? Next::again : Next::stop;
}

void Session::begin_stream(Response response, bool keep_alive, bool http_1_0) {
    const bool stays = keep_alive && !http_1_0;
    StreamStart start;
    start.head = render_head(response, stays, !http_1_0, std::nullopt);
    start.rest = std::move(in_);
    start.chunked = !http_1_0;
    start.keep_alive = stays;
    auto stream =
        std::make_shared<SocketStream>(server_, std::move(socket_), std::move(slot_), std::move(start));
    stream->start();
    response.stream(stream);
    stream->flush();  // the head, with what was written at once
}

Task<bool> Session::send(std::string_view head, std::string_view body) {
    iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                      {const_cast<char*>(body.data()), body.size()}};
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

Task<bool> Session::send_file(const FileBody& file, const std::string& request) {
    // Pages of a file that was just stored or is being read in order are in memory; a piece at a time keeps
    // the loop lively.
    std::string piece;
    for (std::uint64_t at = 0; at < file.size;) {
        piece.resize(std::min<std::uint64_t>(piece_size, file.size - at));
        const auto n = read_piece(file, piece, request);
        if (n == 0) co_return false;  // the connection ends before the length that was promised
        piece.resize(n);
        if (!co_await send(piece, std::string_view())) co_return false;
        at += n;
    }
    co_return true;
}

Task<void> Session::refuse(const RequestParser& parser, Request& request, const Service::Plan& plan,
                           Read why) {
    int status = 400;
    std::string detail = "The request ended in the middle.";
    if (why == Read::failed) {
        status = parser.failure_status();
        detail = parser.failure();
    } else if (why == Read::late) {
        status = 408;
        detail = "The request took too long to arrive.";
    } else if (why == Read::full) {
        status = 503;
        detail = "The server is taking in too much at once; try again in a moment.";
    }
    record(request, plan, status);
    if (!socket_.is_open()) co_return;
    Response response = server_->service.refuse(status, std::move(detail), request.id);
    if (status == 503) response.header("Retry-After", "2");
    server_->service.finish(request, response);
    const std::string head = render_head(response, false, false, response.body.size());
    const bool bodiless = request.method == Method::head;
    if (co_await send(head, bodiless ? std::string_view() : response.body)) co_await linger();
}

}  // namespace bb::http
