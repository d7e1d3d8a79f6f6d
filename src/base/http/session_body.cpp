#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/http/session.hpp"

// How a connection takes in the body of a request: whole, in pieces, or not at all.

namespace bb::http {
namespace {

constexpr std::size_t most_thrown_away = 64 << 20;  // of a body nobody wants
constexpr std::size_t slowest_body = 1024;          // bytes per second, beyond the time that any body gets
constexpr std::size_t held_in_pieces = 768 * 1024;  // by the connection and its handler, of one body
constexpr std::chrono::milliseconds most_lingering{10'000};
constexpr std::chrono::milliseconds lingering_pause{2'000};

}  // namespace

struct Session::Taking {
    Clock::time_point deadline;
    BodyShare* share;   // may be null: nobody keeps the body
    bool told = false;  // the client waits for no "100 Continue"
    bool begun = false;
};

Task<std::optional<Session::Read>> Session::take_some(RequestParser& parser, Taking& taking) {
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    std::size_t used = 0;
    const auto step = parser.feed(in_, used);
    in_.erase(0, used);
    taking.deadline += std::chrono::milliseconds(used * 1000 / slowest_body);
    if (step == RequestParser::Step::done) co_return Read::done;
    if (step == RequestParser::Step::failed) co_return Read::failed;
    if (!std::exchange(taking.begun, true) && taking.share &&
        !taking.share->has_room(parser.head().content_length.value_or(0)))
        co_return Read::full;
    if (!std::exchange(taking.told, true) && !co_await send(go_on, std::string_view())) co_return Read::gone;
    // Progress is asked for in two ways: some bytes within body_time, and all of them at a slowest rate.
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(taking.deadline - Clock::now());
    const auto patience = std::min(left, server_->options.body_time);
    if (patience.count() <= 0) co_return Read::late;
    if (!co_await read_more(patience, piece_size)) co_return timed_out_ ? Read::late : Read::gone;
    if (taking.share && !taking.share->grow(in_.size())) co_return Read::full;
    co_return std::nullopt;
}

Task<Session::Read> Session::read_body(RequestParser& parser, std::size_t limit, BodyShare& share) {
    parser.limit_body(limit);
    Taking taking{Clock::now() + server_->options.body_time, &share, !parser.head().expects_continue};
    for (;;) {
        const auto over = co_await take_some(parser, taking);
        if (over) co_return *over;
    }
}

/// The body of one request for a handler that takes it in pieces.
class Session::Pieces : public BodyReader {
public:
    Pieces(Session& session, RequestParser& parser)
        : session_(session),
          parser_(parser),
          taking_{Clock::now() + session.server_->options.body_time, nullptr,
                  !parser.head().expects_continue} {}

    Task<void> next(std::string& piece) override {
        piece.clear();
        // The time that the handler took for the piece before is not the client's.
        taking_.deadline += Clock::now() - handed_on_;
        while (!over_ && piece.empty()) {
            over_ = co_await session_.take_some(parser_, taking_);
            piece = parser_.take_body();
        }
        handed_on_ = Clock::now();
    }
    bool whole() const override { return over_ == Read::done; }
    std::function<void()> stopper() override {
        auto close = [session = session_.weak_from_this(), executor = session_.socket_.get_executor()] {
            boost::asio::post(executor, [session] {
                if (const auto open = session.lock()) open->close();
            });
        };
        return close;
    }
    std::optional<Read> over() const { return over_; }

private:
    Session& session_;
    RequestParser& parser_;
    Taking taking_;
    Clock::time_point handed_on_ = Clock::now();
    std::optional<Read> over_;
};

Task<Session::Next> Session::serve_in_pieces(RequestParser& parser, Request& request,
                                             const Service::Plan& plan, BodyShare& share) {
    if (!share.grow(held_in_pieces)) {
        co_await refuse(parser, request, plan, Read::full);
        co_return Next::stop;
    }
    parser.limit_body(server_->service.body_limit(plan));
    Pieces pieces(*this, parser);
    request.pieces = &pieces;
    Response response = co_await server_->service.handle(request, plan);
    request.pieces = nullptr;
    if (pieces.over() && !pieces.whole()) {
        co_await refuse(parser, request, plan, *pieces.over());
        co_return Next::stop;
    }
    if (!pieces.over() && parser.head().has_body) {
        record(request, plan, response.status);
        co_return co_await answer_early(parser, request, std::move(response));
    }
    const bool keep_alive = parser.head().keep_alive && !server_->draining;
    record(request, plan, response.status);
    co_return co_await respond(request, std::move(response), keep_alive, parser.head().http_1_0);
}

Task<void> Session::linger() {
    // Closing with unread bytes would reset the connection and could take the answer with it.
    if (!socket_.is_open()) co_return;
    boost::system::error_code ignored;
    socket_.shutdown(TcpSocket::shutdown_send, ignored);
    const auto until = Clock::now() + most_lingering;
    std::size_t thrown_away = 0;
    while (thrown_away < most_thrown_away && Clock::now() < until) {
        in_.clear();
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
        if (!co_await read_more(std::min(left, lingering_pause), piece_size)) break;
        thrown_away += in_.size();
    }
}

}  // namespace bb::http
