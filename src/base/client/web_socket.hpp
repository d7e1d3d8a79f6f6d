#pragma once
#include <chrono>
#include <memory>
#include <string>

namespace bb::client {

/// A WebSocket (RFC 6455) to a server on this machine, for commands: each call waits.
class WebSocket {
public:
    /// Connects to 127.0.0.1. What takes longer than `limit` fails, and ends the connection. Throws
    /// boost::system::system_error, as all do.
    WebSocket(unsigned short port, const std::string& target, std::chrono::seconds limit);
    ~WebSocket();
    WebSocket(const WebSocket&) = delete;

    void write(const std::string& message);
    std::string read();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bb::client
