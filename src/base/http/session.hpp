#pragma once
#include "base/http/body_reader.hpp"
#include "base/http/server_impl.hpp"

namespace bb::http {

/// One connection: reads requests one after the other, in order, and writes their responses.
class Session : public std::enable_shared_from_this<Session> {
public:
    using Clock = std::chrono::steady_clock;

    /// `fresh`: the connection has brought no request yet. `rest`: bytes already read from it.
    Session(std::shared_ptr<Server::Impl> server, TcpSocket socket, ConnectionSlot slot, std::string rest,
            bool fresh);
    ~Session();

    Task<void> run();
    /// Closes the connection when it is between two requests; one that has just been opened gets a moment for
    /// its first.
    void close_if_idle();
    void close();
    bool idle() const { return idle_ && !fresh_; }

private:
    static constexpr std::size_t piece_size = 64 * 1024;  // of bodies and files

    enum class Next { again, stop };
    /// failed: the parser knows why; full: there is no memory for it.
    enum class Read { done, failed, late, gone, full };

    Task<Next> serve_one();
    Task<bool> wait_for_request();
    /// Waits for more bytes and appends them to in_; false when the client is gone or the time is over
    /// (timed_out_).
    Task<bool> read_more(std::chrono::milliseconds limit, std::size_t at_most);
    Task<Read> read_head(RequestParser& parser);
    Task<Read> read_body(RequestParser& parser, std::size_t limit, BodyShare& share);
    /// A body that is being taken in.
    struct Taking;
    /// Feeds the parser what is here, then waits for more; how it ended, once it has.
    Task<std::optional<Read>> take_some(RequestParser& parser, Taking& taking);
    class Pieces;
    Task<Next> serve_in_pieces(RequestParser& parser, Request& request, const Service::Plan& plan,
                               BodyShare& share);
    /// Answers before the body was read; reads a small one, so that the connection can go on.
    Task<Next> answer_early(RequestParser& parser, const Request& request, Response response);
    void record(const Request& request, const Service::Plan& plan, int status) const;
    Task<bool> send(std::string_view head, std::string_view body);
    Task<bool> send_file(const FileBody& file, const std::string& request);
    Task<Next> respond(const Request& request, Response response, bool keep_alive, bool http_1_0);
    /// Answers a request that could not be read, then closes without cutting the answer off.
    Task<void> refuse(const RequestParser& parser, Request& request, const Service::Plan& plan, Read why);
    Task<void> linger();
    void begin_stream(Response response, bool keep_alive, bool http_1_0);

    std::shared_ptr<Server::Impl> server_;
    TcpSocket socket_;
    ConnectionSlot slot_;
    std::string in_;  // bytes read and not used yet
    net::TimerWheel::Node deadline_;
    Service::Peer peer_;
    Clock::time_point began_;  // first byte of the request
    bool fresh_;
    bool idle_ = true;
    bool timed_out_ = false;
};

}  // namespace bb::http
