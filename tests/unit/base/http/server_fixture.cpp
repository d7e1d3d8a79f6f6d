#include "unit/base/http/server_fixture.hpp"

#include <unistd.h>

#include <fstream>

#include "base/core/crypto.hpp"
#include "base/net/pool.hpp"
#include "base/net/timer.hpp"

namespace bb::test {
namespace {

using http::Access;
using http::Request;
using http::Response;

http::RouteOptions open_route(std::size_t body_limit = 1 << 20) {
    http::RouteOptions options;
    options.access = Access::open;
    options.body_limit = body_limit;
    return options;
}

Task<Result<Response>> echo(Request& request) {
    co_return Response(200, "text/plain",
                       std::to_string(request.body.size()) + ":" + request.body.substr(0, 100));
}

http::RouteOptions in_pieces(std::size_t body_limit) {
    auto options = open_route(body_limit);
    options.takes_pieces = true;
    return options;
}

Task<Result<Response>> slow(Request& request) {
    const auto time = request.query("ms").value_or("100");
    co_await net::sleep_for(std::chrono::milliseconds(std::stoi(std::string(time))));
    co_return Response(200, "text/plain", "slept");
}

Task<Result<Response>> whoami(Request& request) {
    co_return Response(200, "text/plain",
                       request.peer + (request.loopback ? " loopback" : "") +
                           (request.secure ? " secure" : "") + (request.principal ? " signed in" : ""));
}

Task<Result<Response>> list(Request& request) {
    Response response = http::json_response("{\"items\":\"" + std::string(2000, 'a') + "\"}");
    co_return http::with_etag(request, std::move(response));
}

Task<Result<Response>> fail(Request& request) {
    if (request.query("how") == "bug") throw std::runtime_error("a secret in the reason");
    if (request.query("how") == "odd") throw 42;
    if (request.query("how") == "full") throw net::Busy("the queue is full");
    if (request.query("how") == "disk") throw std::system_error(ENOSPC, std::generic_category(), "write");
    if (request.query("how") == "away") throw std::range_error("away");
    co_return Error(ErrorCode::conflict, "Already there.");
}

Task<Result<Response>> file(Request&) {
    char name[] = "/tmp/brainbytes-file-XXXXXX";
    const int fd = ::mkstemp(name);
    ::unlink(name);
    const std::string content(300'000, 'f');
    EXPECT_EQ(::write(fd, content.data(), content.size()), static_cast<ssize_t>(content.size()));
    Response response(200, "application/octet-stream", {});
    response.file = http::whole_file(http::share_descriptor(fd));
    co_return response;
}

}  // namespace

void ServerTest::SetUp() {
    crypto::initialize();
    router.get(
        "/plain", [](Request&) -> Task<Result<Response>> { co_return Response(200, "text/plain", "hello"); },
        open_route());
    router.post("/echo", echo, open_route(1000));
    router.post("/large", echo, open_route(8 << 20));
    router.post(
        "/pieces",
        [this](Request& request) -> Task<Result<Response>> {
            if (request.query("read") == "none") co_return http::no_content();
            Taken now;
            for (std::string piece;;) {
                co_await request.pieces->next(piece);
                if (piece.empty()) break;
                now.bytes += piece.size();
                now.largest = std::max(now.largest, piece.size());
            }
            now.whole = request.pieces->whole();
            taken = now;
            co_return Response(200, "text/plain", std::to_string(now.bytes));
        },
        in_pieces(2 << 20));
    router.get("/slow", slow, open_route());
    router.get("/whoami", whoami, open_route());
    router.get("/list", list, open_route());
    router.get("/fail", fail, open_route());
    router.get("/file", file, open_route());
    router.get(
        "/things/{id}",
        [](Request& r) -> Task<Result<Response>> {
            co_return Response(200, "text/plain", r.path_params[0].second);
        },
        open_route());
    router.del(
        "/things/{id}", [](Request&) -> Task<Result<Response>> { co_return http::no_content(); },
        open_route());
    router.post("/closed", echo, http::RouteOptions{});
    router.get(
        "/stream",
        [this](Request&) -> Task<Result<Response>> {
            co_return http::event_stream([this](std::shared_ptr<http::EventStream> stream) {
                stream->on_gone([this]() { ++gone; });
                stream->write("data: first\n\n");
                streams.push_back(std::move(stream));
            });
        },
        open_route());
    hooks.authenticate = [](const Request& request) -> Task<std::optional<http::Principal>> {
        if (request.cookie("brainbytes_session") != "good") co_return std::nullopt;
        co_return http::Principal{Uuid::make(), Uuid::make(), "student"};
    };
    hooks.is_temporary = [](const std::exception& e) {
        return dynamic_cast<const std::range_error*>(&e) != nullptr;
    };
    service_options.content_security_policy = "default-src 'none'";
}

void ServerTest::start() {
    service.emplace(router, hooks, service_options, metrics);
    server.emplace(loop.get_executor(), *service, options, metrics);
    const auto any_port = boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0);
    const auto listeners = http::open_listeners(any_port, 1);
    ASSERT_TRUE(listeners) << listeners.error().detail;
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(listeners->front(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    server->listen(listeners->front());
    guard.emplace(loop.get_executor());
    thread = std::thread([this]() { loop.run(); });
}

void ServerTest::stop() {
    if (!thread.joinable()) return;
    on_loop([this]() {
        server->close_all();
        streams.clear();
        server.reset();
    });
    guard.reset();
    // Everything ends by itself: nothing may keep the loop alive.
    std::promise<void> ended;
    std::thread watch([&]() {
        if (ended.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::timeout) {
            ADD_FAILURE() << "something keeps the loop alive";
            loop.stop();
        }
    });
    thread.join();
    ended.set_value();
    watch.join();
}

Answer ServerTest::ask(std::string_view bytes) {
    RawClient client = connect();
    client.send(bytes);
    return client.read(bytes.substr(0, 5) == "HEAD ");
}

std::string ServerTest::get(std::string_view target, std::string_view more) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(more) + "\r\n";
}

}  // namespace bb::test
