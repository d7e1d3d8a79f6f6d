#include "unit/support/fake_upstream.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>

#include "base/net/timer.hpp"

namespace bb::test {

using boost::asio::ip::tcp;

void run(boost::asio::io_context& loop, Task<void> task, std::chrono::milliseconds limit) {
    bool done = false;
    std::exception_ptr thrown;
    boost::asio::co_spawn(loop.get_executor(), std::move(task), [&](std::exception_ptr problem) {
        done = true;
        thrown = problem;
    });
    const auto until = std::chrono::steady_clock::now() + limit;
    loop.restart();
    while (!done && std::chrono::steady_clock::now() < until) loop.run_one_until(until);
    EXPECT_TRUE(done) << "the task did not end in time";
    if (thrown) std::rethrow_exception(thrown);
}

Task<void> pause(std::chrono::milliseconds time) {
    const auto executor = co_await boost::asio::this_coro::executor;
    net::Timer timer(executor);
    timer.expires_after(time);
    co_await timer.async_wait(use_task);
}

FakeUpstream::State::State(Executor executor, Script script)
    : acceptor(executor, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
      script(std::move(script)) {}

FakeUpstream::FakeUpstream(Executor executor, Script script)
    : state_(std::make_shared<State>(executor, std::move(script))) {
    boost::asio::co_spawn(executor, listen(state_), boost::asio::detached);
}

std::string FakeUpstream::url(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(state_->acceptor.local_endpoint().port()) + std::string(path);
}

Task<void> FakeUpstream::listen(std::shared_ptr<State> state) {
    for (;;) {
        auto [error, socket] = co_await state->acceptor.async_accept(use_task_tuple);
        if (error) co_return;
        ++state->connections;
        boost::asio::co_spawn(state->acceptor.get_executor(), serve(state, std::move(socket)),
                              boost::asio::detached);
    }
}

Task<void> FakeUpstream::serve(std::shared_ptr<State> state, Socket socket) {
    std::string pending;
    for (;;) {
        std::size_t whole = 0;
        while (whole == 0 || pending.size() < whole) {
            char piece[4096];
            auto [error, bytes] = co_await socket.async_read_some(boost::asio::buffer(piece), use_task_tuple);
            if (error) co_return;
            pending.append(piece, bytes);
            const auto head = pending.find("\r\n\r\n");
            if (head == std::string::npos) continue;
            const auto length = pending.find("Content-Length: ");
            whole = head + 4 + (length < head ? std::strtoul(pending.c_str() + length + 16, nullptr, 10) : 0);
        }
        ++state->requests;
        std::string request = pending.substr(0, whole);
        pending.erase(0, whole);
        co_await state->script(socket, std::move(request));
        if (!socket.is_open()) co_return;
    }
}

Task<bool> say(Socket& socket, std::string text) {
    auto [error, bytes] =
        co_await boost::asio::async_write(socket, boost::asio::buffer(text), use_task_tuple);
    co_return !error && bytes == text.size();
}

Task<void> until_closed(Socket& socket) {
    for (;;) {
        char piece[256];
        auto [error, bytes] = co_await socket.async_read_some(boost::asio::buffer(piece), use_task_tuple);
        if (error) {
            socket.close();
            co_return;
        }
    }
}

std::string response(int status, std::string_view body, std::string_view more_headers) {
    return "HTTP/1.1 " + std::to_string(status) + " Some\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + std::string(more_headers) + "\r\n" + std::string(body);
}

std::string gzipped(const std::string& plain) {
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    std::string packed(deflateBound(&stream, static_cast<uLong>(plain.size())), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

std::string nothing_in_three_layers() {
    constexpr std::string_view head("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
    constexpr std::string_view block("\0\0\0\xff\xff", 5);  // stored, without a byte
    std::string innermost(head);
    for (int i = 0; i < 3'000'000; ++i) innermost += block;
    return gzipped(gzipped(innermost));
}

}  // namespace bb::test
