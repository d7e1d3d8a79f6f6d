#include <sys/socket.h>

#include "unit/base/http/server_fixture.hpp"

namespace bb::http {
namespace {

using std::chrono::milliseconds;
using test::RawClient;

class Connections : public test::ServerTest {};

TEST_F(Connections, StayOpenForTheNextRequest) {
    start();
    RawClient client = connect();
    for (int i = 0; i < 3; ++i) {
        const auto answer = client.send(get("/plain")).read();
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.body, "hello");
        EXPECT_EQ(answer.header("connection"), "keep-alive");
        EXPECT_EQ(answer.header("content-security-policy"), "default-src 'none'");
        EXPECT_EQ(answer.header("date").size(), 29u);
    }
    EXPECT_EQ(client.send(get("/plain", "Connection: close\r\n")).read().header("connection"), "close");
    EXPECT_TRUE(client.closed());
}

TEST_F(Connections, OfHttp10CloseUnlessAskedToStay) {
    start();
    RawClient client = connect();
    EXPECT_EQ(
        client.send("GET /plain HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").read().header("connection"),
        "keep-alive");
    EXPECT_EQ(client.send("GET /plain HTTP/1.0\r\n\r\n").read().header("connection"), "close");
    EXPECT_TRUE(client.closed());
}

TEST_F(Connections, AnswerPipelinedRequestsInOrder) {
    start();
    RawClient client = connect();
    client.send(get("/slow?ms=50") + get("/things/1") +
                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + get("/things/2"));
    EXPECT_EQ(client.read().body, "slept");
    EXPECT_EQ(client.read().body, "1");
    EXPECT_EQ(client.read().body, "3:abc");
    EXPECT_EQ(client.read().body, "2");
    std::string many;
    for (int i = 0; i < 500; ++i) many += get("/things/" + std::to_string(i));
    client.send(many);
    for (int i = 0; i < 500; ++i) ASSERT_EQ(client.read().body, std::to_string(i));
}

TEST_F(Connections, HalfClosedStillGetTheirAnswer) {
    start();
    RawClient client = connect();
    client.send(get("/slow?ms=50"));
    client.finish_sending();
    EXPECT_EQ(client.read().body, "slept");
    EXPECT_TRUE(client.closed());
    RawClient cut = connect();
    cut.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    cut.finish_sending();
    EXPECT_EQ(cut.read().status, 400);
    RawClient silent = connect();
    silent.send("GET /pla");
    silent.finish_sending();
    EXPECT_TRUE(silent.closed());
}

TEST_F(Connections, SurviveClientsThatVanish) {
    start();
    for (int i = 0; i < 20; ++i) {
        RawClient client = connect();
        client.send(i % 2 ? get("/slow?ms=30")
                          : "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
        client.reset();
    }
    EXPECT_TRUE(until([this]() { return server->busy() == 0; }));
    EXPECT_EQ(ask(get("/plain")).status, 200);
}

TEST_F(Connections, SlowHeadersGet408) {
    options.header_time = milliseconds(200);
    start();
    RawClient client = connect();
    client.send("GET /plain HT");
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(client.read().status, 408);
    EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(190));
    RawClient drip = connect();
    std::thread dripping([&]() {
        for (int i = 0; i < 40; ++i) {
            drip.send("X");
            std::this_thread::sleep_for(milliseconds(20));
        }
    });
    EXPECT_EQ(drip.read().status, 408);
    dripping.join();
}

TEST_F(Connections, SlowBodiesGet408) {
    options.body_time = milliseconds(200);
    start();
    RawClient client = connect();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    EXPECT_EQ(client.read().status, 408);
    // Some progress again and again is not enough.
    RawClient drip = connect();
    drip.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n");
    std::thread dripping([&]() {
        for (int i = 0; i < 60; ++i) {
            drip.send("x");
            std::this_thread::sleep_for(milliseconds(20));
        }
    });
    EXPECT_EQ(drip.read().status, 408);
    dripping.join();
}

TEST_F(Connections, IdleOnesAreClosedQuietly) {
    options.idle_time = milliseconds(150);
    start();
    RawClient fresh = connect();
    RawClient used = connect();
    used.send(get("/plain")).read();
    EXPECT_TRUE(fresh.closed(milliseconds(2000)));
    EXPECT_TRUE(used.closed(milliseconds(2000)));
    EXPECT_EQ(on_loop([this]() { return server->busy(); }), 0u);
}

TEST_F(Connections, BodiesArriveWhole) {
    start();
    const std::string large(3 << 20, 'b');
    RawClient client = connect();
    client.send("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(large.size()) +
                "\r\n\r\n" + large);
    EXPECT_EQ(client.read().body.substr(0, 8), "3145728:");
    std::string chunked = "POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 1000; ++i) chunked += "3E8\r\n" + std::string(1000, 'c') + "\r\n";
    client.send(chunked + "0\r\n\r\n");
    EXPECT_EQ(client.read().body.substr(0, 8), "1000000:");
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(client.read().body, "0:");
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.read().body, "0:");
}

TEST_F(Connections, TooLargeBodiesGet413AlsoWhileTheyAreSent) {
    start();
    RawClient client = connect();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n" +
                std::string(9'000'000, 'x'));
    EXPECT_EQ(client.read().status, 413);
    RawClient chunked = connect();
    chunked.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 12; ++i) chunked.send("64\r\n" + std::string(100, 'x') + "\r\n");
    EXPECT_EQ(chunked.read().status, 413);
}

TEST_F(Connections, HoldNoMoreBodiesThanThereIsMemoryFor) {
    options.bodies = std::make_shared<BodyBudget>(300'000);
    start();
    const auto post = [](int length) {
        return "POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
    };
    RawClient first = connect();
    first.send(post(200'000) + std::string(199'000, 'x'));
    // All that was sent has come; what came with the head costs nothing.
    EXPECT_TRUE(until([this]() { return !options.bodies->has_room(120'000); }));
    RawClient refused = connect();  // before it has sent any of it
    const auto answer = refused.send(post(200'000)).read();
    EXPECT_EQ(answer.status, 503);
    EXPECT_FALSE(answer.header("retry-after").empty());
    EXPECT_TRUE(refused.closed());
    RawClient chunked = connect();  // as soon as it is too much
    chunked.send("POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 200; ++i) chunked.send("3e8\r\n" + std::string(1000, 'x') + "\r\n");
    EXPECT_EQ(chunked.read().status, 503);
    RawClient small = connect();
    EXPECT_EQ(small.send("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").read().body,
              "2:hi");
    EXPECT_TRUE(until([this]() { return options.bodies->has_room(100'000); }));
    EXPECT_EQ(first.send(std::string(1'000, 'x')).read().status, 200);
    EXPECT_TRUE(until([this]() { return options.bodies->has_room(300'000); }));
    RawClient again = connect();
    EXPECT_EQ(again.send(post(200'000) + std::string(200'000, 'x')).read().status, 200);
}

TEST_F(Connections, SayContinueOnlyWhenTheBodyIsWanted) {
    start();
    const std::string expects = "Host: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    RawClient client = connect();
    EXPECT_EQ(client.send("POST /echo HTTP/1.1\r\n" + expects).read().status, 100);
    EXPECT_EQ(client.send("abcde").read().body, "5:abcde");
    RawClient refused = connect();
    const auto answer = refused.send("POST /closed HTTP/1.1\r\n" + expects).read();
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(answer.header("connection"), "close");
    RawClient large = connect();
    large.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(large.read().status, 413);
}

TEST_F(Connections, GoOnAfterAnEarlyAnswerToASmallBody) {
    start();
    RawClient client = connect();
    client.send("POST /closed HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde" + get("/plain"));
    EXPECT_EQ(client.read().status, 401);
    EXPECT_EQ(client.read().body, "hello");
    // The answer does not wait for the body.
    client.send("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    EXPECT_EQ(client.read().status, 404);
    client.send("abcde" + get("/plain"));
    EXPECT_EQ(client.read().body, "hello");
    client.send("POST /closed HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" +
                std::string(500'000, 'x'));
    EXPECT_EQ(client.read().status, 401);
    EXPECT_TRUE(client.closed());
}

TEST_F(Connections, SlowReadersOfFilesAreGivenUp) {
    options.stall_time = milliseconds(200);
    start();
    RawClient client = connect();
    client.shrink_receive_buffer();
    std::string many;
    for (int i = 0; i < 40; ++i) many += get("/file");
    client.send(many);
    EXPECT_TRUE(until([this]() { return server->busy() == 0; }));
}

TEST_F(Connections, FilesArriveWhole) {
    start();
    RawClient client = connect();
    const auto answer = client.send(get("/file") + get("/plain")).read();
    EXPECT_EQ(answer.body, std::string(300'000, 'f'));
    EXPECT_EQ(client.read().body, "hello");
    client.send("HEAD /file HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.read(true).header("content-length"), "300000");
    EXPECT_EQ(client.send(get("/plain")).read().body, "hello");
}

TEST_F(Connections, BeyondTheirLimitWaitForARoom) {
    options.max_connections = 2;
    start();
    auto first = std::make_unique<RawClient>(connect());
    auto second = connect();
    first->send(get("/plain")).read();
    second.send(get("/plain")).read();
    auto third = connect();
    third.send(get("/plain"));
    std::this_thread::sleep_for(milliseconds(150));
    EXPECT_EQ(third.pending(), "");
    first.reset();
    EXPECT_EQ(third.read().body, "hello");
}

TEST_F(Connections, DrainFinishesWhatRunsAndClosesTheRest) {
    start();
    RawClient running = connect(), idle = connect(), fresh = connect(), sent = connect();
    idle.send(get("/plain")).read();
    sent.send(get("/plain")).read();
    running.send(get("/slow?ms=300"));
    EXPECT_TRUE(until([this]() { return server->busy() >= 1; }));
    on_loop([&]() {
        sent.send(get("/plain"));  // on its way when the drain begins
        server->begin_drain();
    });
    EXPECT_TRUE(idle.closed(milliseconds(1000)));
    EXPECT_EQ(sent.read().header("connection"), "close");
    EXPECT_EQ(fresh.send(get("/plain")).read().status, 200);
    const auto answer = running.read();
    EXPECT_EQ(answer.body, "slept");
    EXPECT_EQ(answer.header("connection"), "close");
    EXPECT_TRUE(running.closed());
    EXPECT_TRUE(until([this]() { return server->busy() == 0; }));
    EXPECT_THROW(connect(), std::runtime_error);
}

TEST_F(Connections, DrainServesWhatWaitsToBeAccepted) {
    start();
    std::vector<RawClient> waiting;
    on_loop([&]() {
        for (int i = 0; i < 10; ++i) waiting.push_back(connect());
        for (auto& client : waiting) client.send(get("/plain"));
        server->begin_drain();
    });
    for (auto& client : waiting) EXPECT_EQ(client.read().body, "hello");
}

TEST_F(Connections, EndWithTheServerWhateverTheyAreDoing) {
    start();
    std::vector<RawClient> clients;
    for (int i = 0; i < 12; ++i) {
        clients.push_back(connect());
        if (i % 4 == 1) clients.back().send("GET /plain HT");
        if (i % 4 == 2) clients.back().send(get("/slow?ms=400"));
        if (i % 4 == 3) clients.back().send(get("/stream"));
    }
    // Halves of requests count as busy too.
    EXPECT_TRUE(until([this]() { return streams.size() == 3 && server->busy() >= 6; }));
    stop();
    EXPECT_EQ(gone, 3);
    for (auto& client : clients) EXPECT_TRUE(client.closed());
}

TEST_F(Connections, ListenersAreNotSharedWithStrangers) {
    start();
    const auto taken = boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), port);
    const auto second = open_listeners(taken, 1);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::unavailable);
    const auto elsewhere = boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address("203.0.113.7"), 0);
    EXPECT_EQ(open_listeners(elsewhere, 1).error().code, ErrorCode::invalid_input);
    const auto everywhere = open_listeners({boost::asio::ip::address_v6::any(), 0}, 3);
    ASSERT_TRUE(everywhere);
    EXPECT_EQ(everywhere->size(), 3u);
    for (const int fd : *everywhere) ::close(fd);
}

TEST_F(Connections, HandABodyOnInPieces) {
    start();
    RawClient client = connect();
    const std::string body(1'000'000, 'b');
    EXPECT_EQ(
        client.send("POST /pieces HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + body).read().body,
        "1000000");
    EXPECT_LE(on_loop([&] { return taken->largest; }), 140'000u);
    EXPECT_EQ(client
                  .send("POST /pieces HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n" +
                        get("/plain"))
                  .read()
                  .body,
              "7");
    EXPECT_EQ(client.read().body, "hello");
    EXPECT_EQ(client.send("POST /pieces HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").read().body, "0");
}

TEST_F(Connections, GiveWhatCameBeforeTheyBroke) {
    start();
    {
        RawClient client = connect();
        client.send("POST /pieces HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" +
                    std::string(600, 'x'));
        client.finish_sending();
    }
    EXPECT_TRUE(until([&] { return taken.has_value(); }));
    EXPECT_EQ(on_loop([&] { return taken->bytes; }), 600u);
    EXPECT_FALSE(on_loop([&] { return taken->whole; }));
}

TEST_F(Connections, BoundABodyInPieces) {
    start();
    EXPECT_EQ(ask("POST /pieces HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n").status, 413);
    RawClient chunked = connect();
    chunked.send("POST /pieces HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 24; ++i) chunked.send("186a0\r\n" + std::string(100'000, 'x') + "\r\n");
    EXPECT_EQ(chunked.read().status, 413);
    EXPECT_EQ(on_loop([&] { return taken->whole; }), false);
    // A handler that does not want it leaves the connection usable, or closes it where much would come.
    RawClient client = connect();
    client.send("POST /pieces?read=none HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + get("/plain"));
    EXPECT_EQ(client.read().status, 204);
    EXPECT_EQ(client.read().body, "hello");
    EXPECT_EQ(ask("POST /pieces?read=none HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n").status,
              204);
}

}  // namespace
}  // namespace bb::http
