#pragma once
#include "base/http/server_impl.hpp"

namespace bb::http {

/// One connection: reads requests one after the other, in order, and writes their responses.
class Session : public std::enable_shared_from_this<Session> {
  public:
    using Clock = std::chrono::steady_clock;

    Session(std::shared_ptr<Server::Impl> server, TcpSocket socket, std::string rest);
    ~Session();

    Task<void> run();
    /// Closes the connection when it is between two requests.
    void close_if_idle();
    void close();
    bool idle() const { return idle_; }

  private:
    enum class Next { again, stop };

    Task<Next> serve_one();
    /// Waits for more bytes and appends them to in_; false when the client is gone or the time is over.
    Task<bool> read_more(std::chrono::milliseconds limit);
    Task<bool> read_body(RequestParser& parser, const Service::Plan& plan);
    Task<bool> send(std::string_view head, std::string_view body);
    Task<bool> send_file(const FileBody& file);
    Task<Next> respond(const Request& request, Response response, bool keep_alive, bool http_1_0);
    /// Answers a request that could not be read, then closes without cutting the answer off.
    Task<void> refuse(RequestParser& parser, Request& request);
    Task<void> linger();
    void begin_stream(Response response, bool keep_alive, bool http_1_0);

    std::shared_ptr<Server::Impl> server_;
    TcpSocket socket_;
    std::string in_;  // bytes read and not used yet
    net::TimerWheel::Node deadline_;
    boost::asio::ip::address peer_;
    bool idle_ = true;
    bool timed_out_ = false;
};

}  // namespace bb::http
