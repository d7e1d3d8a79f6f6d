#pragma once
// For the files of this folder alone: nobody else sees libcurl.
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/client/easy.hpp"
#include "base/core/task.hpp"
#include "base/net/timer.hpp"

namespace bb::client {

/// Hears how its transfer goes. Called from inside libcurl's machinery: it may wake a coroutine and nothing
/// more.
class Listener {
public:
    virtual ~Listener() = default;
    virtual void on_finished(CURLcode code) = 0;
    /// The client is going away.
    virtual void on_closed() = 0;
};

/// Drives libcurl's multi socket interface with the loop: its sockets and its one timer become Asio's.
/// No handler calls libcurl from one of libcurl's own callbacks.
class Multi : public std::enable_shared_from_this<Multi> {
public:
    /// `ca_file`: of make_easy().
    Multi(Executor executor, std::string ca_file);
    ~Multi();
    Multi(const Multi&) = delete;

    /// Starts a transfer. `easy` and `listener` must stay until remove().
    void add(CURL* easy, Listener& listener);
    /// Ends it, whatever its state; the connection of a half-read reply is closed.
    void remove(CURL* easy, Listener& listener);
    /// Tells every listener that no more will come.
    void close();
    bool closed() const { return closed_; }
    Executor executor() const { return executor_; }
    const std::string& ca_file() const { return ca_file_; }

private:
    struct Socket;
    static int on_socket(CURL* easy, curl_socket_t number, int what, void* self, void* socket);
    static int on_timer(CURLM* multi, long milliseconds, void* self);
    void watch(curl_socket_t number, int what);
    void forget(curl_socket_t number);
    void arm(const std::shared_ptr<Socket>& socket, int direction);
    void ready(const std::shared_ptr<Socket>& socket, int direction);
    void start_timer(long milliseconds);
    void act(curl_socket_t number, int events);

    Executor executor_;
    std::string ca_file_;
    CURLM* multi_;
    net::Timer timer_;
    std::unordered_map<curl_socket_t, std::shared_ptr<Socket>> sockets_;
    std::unordered_set<Listener*> listeners_;
    bool closed_ = false;
};

}  // namespace bb::client
