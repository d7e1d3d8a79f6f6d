#pragma once
#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <optional>
#include <thread>

#include "base/http/server.hpp"
#include "unit/base/http/raw_client.hpp"

namespace bb::test {

/// A real server on a loopback port and a thread of its own, with a few routes to ask.
class ServerTest : public ::testing::Test {
protected:
    /// Starts the server; change `options`, `service_options`, `hooks` and `router` before.
    void start();
    /// Ends it like the program does: streams and connections are closed, the loop stops.
    void stop();
    RawClient connect() { return RawClient(port); }
    /// One request on a connection of its own.
    Answer ask(std::string_view bytes);
    /// "GET <target>" with a Host and more header lines ("X: y\r\n").
    static std::string get(std::string_view target, std::string_view more = {});
    /// Runs `work` on the server's loop and waits for it.
    template <class Work>
    auto on_loop(Work work) {
        std::promise<decltype(work())> promise;
        boost::asio::post(loop, [&]() {
            if constexpr (std::is_void_v<decltype(work())>) {
                work();
                promise.set_value();
            } else {
                promise.set_value(work());
            }
        });
        return promise.get_future().get();
    }
    /// Waits until `condition` holds on the loop.
    template <class Condition>
    bool until(Condition condition) {
        for (int i = 0; i < 400; ++i) {
            if (on_loop(condition)) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return false;
    }

    void SetUp() override;
    void TearDown() override { stop(); }

    http::ServerOptions options;
    http::ServiceOptions service_options;
    http::Hooks hooks;
    http::Router router;
    metrics::Registry metrics;
    boost::asio::io_context loop{1};
    std::optional<http::Service> service;
    std::optional<http::Server> server;
    std::vector<std::shared_ptr<http::EventStream>> streams;  // touched on the loop only
    /// What /pieces has read last; touched on the loop only.
    struct Taken {
        std::size_t bytes = 0;
        std::size_t largest = 0;
        bool whole = false;
    };
    std::optional<Taken> taken;
    int gone = 0;  // streams whose client went away
    unsigned short port = 0;

private:
    using Guard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;
    std::optional<Guard> guard;
    std::thread thread;
};

}  // namespace bb::test
