#include "base/client/http_client.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <stdexcept>

#include "base/client/guarded_client.hpp"
#include "unit/support/fake_upstream.hpp"

namespace bb::client {
namespace {

using namespace std::chrono_literals;
using test::FakeUpstream;
using test::Socket;
using Clock = std::chrono::steady_clock;

class HttpClientTest : public testing::Test {
protected:
    boost::asio::io_context loop{1};
    Executor executor = loop.get_executor();
    HttpClient client{executor};

    Reply send(Outgoing request) {
        Reply reply;
        auto work = [&]() -> Task<void> {
            reply = co_await client.send(std::move(request));
        };
        test::run(loop, work());
        return reply;
    }

    Reply stream(Outgoing request, Sink sink, std::shared_ptr<Abort> abort = nullptr) {
        Reply reply;
        auto work = [&]() -> Task<void> {
            reply = co_await client.stream(std::move(request), std::move(sink), std::move(abort));
        };
        test::run(loop, work());
        return reply;
    }
};

Task<void> answer_hello(Socket& socket, std::string) {
    std::string text = test::response(200, "hello", "X-Kind: Greeting\r\n");
    co_await test::say(socket, std::move(text));
}

TEST_F(HttpClientTest, GivesStatusHeadersAndBody) {
    FakeUpstream upstream(executor, answer_hello);
    const Reply reply = send(Outgoing("GET", upstream.url("/a")));
    EXPECT_FALSE(reply.failure) << reply.detail;
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "hello");
    EXPECT_EQ(reply.header("x-kind"), "Greeting");
    EXPECT_EQ(reply.header("x-other"), "");
}

TEST_F(HttpClientTest, SendsMethodHeadersAndBody) {
    std::string seen;
    FakeUpstream upstream(executor, [&](Socket& socket, std::string request) -> Task<void> {
        seen = std::move(request);
        std::string text = test::response(201, "");
        co_await test::say(socket, std::move(text));
    });
    Outgoing request("POST", upstream.url("/v1/x?y=1"));
    request.headers = {{"Authorization", "Bearer k"}, {"Content-Type", "application/json"}};
    request.body = std::string(100'000, 'x');
    EXPECT_EQ(send(std::move(request)).status, 201);
    EXPECT_TRUE(seen.starts_with("POST /v1/x?y=1 HTTP/1.1\r\n")) << seen.substr(0, 200);
    EXPECT_NE(seen.find("Authorization: Bearer k\r\n"), std::string::npos);
    EXPECT_EQ(seen.find("Expect:"), std::string::npos);
    EXPECT_TRUE(seen.ends_with("xxxx"));
}

TEST_F(HttpClientTest, KeepsTheConnectionForTheNextRequest) {
    FakeUpstream upstream(executor, answer_hello);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(send(Outgoing("GET", upstream.url("/"))).body, "hello");
    EXPECT_EQ(upstream.requests(), 5);
    EXPECT_EQ(upstream.connections(), 1);
}

TEST_F(HttpClientTest, AClosedKeptConnectionIsReplacedSilently) {
    FakeUpstream upstream(executor, [](Socket& socket, std::string) -> Task<void> {
        std::string text = test::response(200, "hello");
        co_await test::say(socket, std::move(text));
        socket.close();
    });
    for (int i = 0; i < 3; ++i) EXPECT_EQ(send(Outgoing("GET", upstream.url("/"))).body, "hello");
}

TEST_F(HttpClientTest, RefusedIsAFailureToConnect) {
    Outgoing request("GET", "http://127.0.0.1:1/");  // nobody listens on port 1
    const Reply reply = send(std::move(request));
    EXPECT_EQ(reply.failure, Failure::connect);
    EXPECT_EQ(reply.status, 0);
    EXPECT_FALSE(reply.detail.empty());
}

TEST_F(HttpClientTest, AddressesThatCannotBeUsedAreInvalid) {
    for (const char* url :
         {"ftp://127.0.0.1/", "file:///etc/passwd", "http://", "no address", "http://a/\r\nX: y"})
        EXPECT_EQ(send(Outgoing("GET", url)).failure, Failure::invalid) << url;
}

TEST_F(HttpClientTest, AHeaderCannotSmuggleAnotherOne) {
    Outgoing request("GET", "http://127.0.0.1:1/");
    request.headers = {{"Authorization", "Bearer a\r\nX-Evil: 1"}};
    EXPECT_EQ(send(std::move(request)).failure, Failure::invalid);
}

TEST_F(HttpClientTest, AnUnfinishedBodyIsCut) {
    FakeUpstream upstream(executor, [](Socket& socket, std::string) -> Task<void> {
        std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal";
        co_await test::say(socket, std::move(text));
        socket.close();
    });
    const Reply reply = send(Outgoing("GET", upstream.url("/")));
    EXPECT_EQ(reply.failure, Failure::cut);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "hal");
}

TEST_F(HttpClientTest, ABodyBeyondTheBoundIsNotKept) {
    FakeUpstream upstream(executor, [](Socket& socket, std::string) -> Task<void> {
        std::string text = test::response(200, std::string(50'000, 'x'));
        co_await test::say(socket, std::move(text));
    });
    Outgoing request("GET", upstream.url("/"));
    request.max_bytes = 1000;
    const Reply reply = send(std::move(request));
    EXPECT_EQ(reply.failure, Failure::too_large);
    EXPECT_LE(reply.body.size(), 1000u);
}

TEST_F(HttpClientTest, ABodyThatIsPackedOnItsWayIsNotUnpacked) {
    const auto body = test::nothing_in_three_layers();
    for (const std::string coding : {"gzip, gzip, gzip", "GZIP", "gzip, chunked", "br", "",
                                     "chunked\r\nTransfer-Encoding: gzip, gzip, gzip"}) {
        FakeUpstream upstream(executor, [&](Socket& socket, std::string) -> Task<void> {
            std::string text = test::response(200, body, "Transfer-Encoding: " + coding + "\r\n");
            co_await test::say(socket, std::move(text));
        });
        const auto start = Clock::now();
        const Reply reply = send(Outgoing("GET", upstream.url("/")));
        EXPECT_EQ(reply.failure, Failure::cut) << coding;
        EXPECT_TRUE(reply.miscoded) << coding;
        EXPECT_EQ(reply.body, "") << coding;
        EXPECT_LT(Clock::now() - start, 1s) << coding;
    }
}

TEST_F(HttpClientTest, ABodyInChunksIsTaken) {
    FakeUpstream upstream(executor, [](Socket& socket, std::string) -> Task<void> {
        std::string text =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Encoding: br\r\n\r\n"
            "5\r\nhello\r\n0\r\n\r\n";
        co_await test::say(socket, std::move(text));
    });
    const Reply reply = send(Outgoing("GET", upstream.url("/")));
    EXPECT_FALSE(reply.failure) << reply.detail;
    EXPECT_EQ(reply.body, "hello") << "what was not asked for is not undone either";
}

TEST_F(HttpClientTest, AGuardedClientWantsAGuard) {
    FakeUpstream upstream(executor, answer_hello);
    GuardedClient guarded(executor);
    auto work = [&]() -> Task<void> {
        Sink ignore = [](int, std::string_view) {
            return Heard::progress;
        };
        Outgoing request("GET", upstream.url("/"));
        co_await guarded.stream(std::move(request), MayConnect(), std::move(ignore), nullptr);
    };
    EXPECT_THROW(test::run(loop, work()), std::logic_error);
    EXPECT_EQ(upstream.connections(), 0);
}

TEST_F(HttpClientTest, ASilentPeerMeetsTheFirstDeadline) {
    FakeUpstream upstream(
        executor, [](Socket& socket, std::string) -> Task<void> { co_await test::until_closed(socket); });
    Outgoing request("GET", upstream.url("/"));
    request.deadlines.first = 80ms;
    const auto start = Clock::now();
    EXPECT_EQ(send(std::move(request)).failure, Failure::slow);
    EXPECT_GE(Clock::now() - start, 75ms);
    EXPECT_LT(Clock::now() - start, 2s);
}

TEST_F(HttpClientTest, OnlyProgressPutsTheIdleDeadlineOff) {
    FakeUpstream upstream(executor, [](Socket& socket, std::string) -> Task<void> {
        std::string head = "HTTP/1.1 200 OK\r\n\r\nfirst";
        co_await test::say(socket, std::move(head));
        for (;;) {
            co_await test::pause(10ms);
            std::string dot = ".";
            const bool open = co_await test::say(socket, std::move(dot));
            if (!open) break;
        }
        socket.close();
    });
    Outgoing request("GET", upstream.url("/"));
    request.deadlines.idle = 100ms;
    const auto start = Clock::now();
    const Reply reply = stream(std::move(request), [](int, std::string_view piece) {
        return piece.find('f') == piece.npos ? Heard::nothing : Heard::progress;
    });
    EXPECT_EQ(reply.failure, Failure::slow);
    EXPECT_LT(Clock::now() - start, 2s);
}

TEST_F(HttpClientTest, TheWholeDeadlineHoldsWhileBytesFlow) {
    FakeUpstream upstream(executor, [](Socket& socket, std::string) -> Task<void> {
        std::string head = "HTTP/1.1 200 OK\r\n\r\n";
        co_await test::say(socket, std::move(head));
        for (bool open = true; open;) {
            co_await test::pause(10ms);
            std::string dot = ".";
            open = co_await test::say(socket, std::move(dot));
        }
        socket.close();
    });
    Outgoing request("GET", upstream.url("/"));
    request.deadlines.whole = 150ms;
    EXPECT_EQ(send(std::move(request)).failure, Failure::slow);
}

/// Streams for ever and notes when its peer went away.
FakeUpstream::Script endless(Clock::time_point& closed) {
    return [&closed](Socket& socket, std::string) -> Task<void> {
        std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
        co_await test::say(socket, std::move(head));
        co_await test::until_closed(socket);
        closed = Clock::now();
    };
}

TEST_F(HttpClientTest, AbortClosesTheConnectionWithin100Milliseconds) {
    Clock::time_point closed{};
    Clock::time_point aborted{};
    FakeUpstream upstream(executor, endless(closed));
    auto abort = std::make_shared<Abort>();
    std::string text;
    Reply reply;
    auto work = [&]() -> Task<void> {
        Sink sink = [&](int, std::string_view piece) {
            text += piece;
            return Heard::progress;
        };
        reply = co_await client.stream(Outgoing("GET", upstream.url("/")), std::move(sink), abort);
        for (int i = 0; i < 100 && closed == Clock::time_point{}; ++i) co_await test::pause(2ms);
    };
    auto stopper = [&]() -> Task<void> {
        while (text.empty()) co_await test::pause(5ms);
        aborted = Clock::now();
        abort->abort();
    };
    boost::asio::co_spawn(executor, stopper(), boost::asio::detached);
    test::run(loop, work());
    EXPECT_EQ(text, "hello");
    EXPECT_EQ(reply.failure, Failure::aborted);
    ASSERT_NE(closed, Clock::time_point{});
    EXPECT_LT(closed - aborted, 100ms);
}

TEST_F(HttpClientTest, AnAbortFromInsideTheSinkIsHeard) {
    Clock::time_point closed{};
    FakeUpstream upstream(executor, endless(closed));
    auto abort = std::make_shared<Abort>();
    const Reply reply = stream(
        Outgoing("GET", upstream.url("/")),
        [&](int, std::string_view) {
            abort->abort();
            return Heard::progress;
        },
        abort);
    EXPECT_EQ(reply.failure, Failure::aborted);
}

TEST_F(HttpClientTest, AnAbortBeforeTheStartSendsNothing) {
    FakeUpstream upstream(executor, answer_hello);
    auto abort = std::make_shared<Abort>();
    abort->abort();
    const auto ignore = [](int, std::string_view) {
        return Heard::progress;
    };
    EXPECT_EQ(stream(Outgoing("GET", upstream.url("/")), ignore, abort).failure, Failure::aborted);
    EXPECT_EQ(upstream.requests(), 0);
}

TEST_F(HttpClientTest, TheReceiverMayStop) {
    Clock::time_point closed{};
    FakeUpstream upstream(executor, endless(closed));
    const auto stop = [](int, std::string_view) {
        return Heard::stop;
    };
    EXPECT_EQ(stream(Outgoing("GET", upstream.url("/")), stop).failure, Failure::aborted);
}

TEST_F(HttpClientTest, ALongBodyArrivesWhole) {
    std::string sent(5'000'000, '\0');
    for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>('a' + i * 7919 % 26);
    FakeUpstream upstream(executor, [&](Socket& socket, std::string) -> Task<void> {
        std::string text = test::response(200, sent);
        co_await test::say(socket, std::move(text));
    });
    Outgoing request("GET", upstream.url("/"));
    request.max_bytes = 10'000'000;
    EXPECT_TRUE(send(std::move(request)).body == sent);
}

TEST_F(HttpClientTest, ManyTransfersRunSideBySide) {
    FakeUpstream upstream(executor, [](Socket& socket, std::string) -> Task<void> {
        co_await test::pause(50ms);
        std::string text = test::response(200, "hello");
        co_await test::say(socket, std::move(text));
    });
    int good = 0;
    int ended = 0;
    for (int i = 0; i < 100; ++i) {
        auto one = [&]() -> Task<void> {
            Outgoing request("GET", upstream.url("/"));
            const Reply reply = co_await client.send(std::move(request));
            good += reply.body == "hello";
            ++ended;
        };
        boost::asio::co_spawn(executor, std::function<Task<void>()>(one), boost::asio::detached);
    }
    auto wait = [&]() -> Task<void> {
        while (ended < 100) co_await test::pause(5ms);
    };
    const auto start = Clock::now();
    test::run(loop, wait());
    EXPECT_EQ(good, 100);
    EXPECT_LT(Clock::now() - start, 3s);
}

TEST(HttpClientLife, GoingAwayEndsTransfersAndAStoppedLoopLeaksNothing) {
    Clock::time_point closed{};
    boost::asio::io_context loop{1};
    auto client = std::make_unique<HttpClient>(loop.get_executor());
    FakeUpstream upstream(loop.get_executor(), endless(closed));
    Reply reply;
    auto work = [&]() -> Task<void> {
        Sink sink = [&](int, std::string_view) {
            client.reset();
            return Heard::progress;
        };
        reply = co_await client->stream(Outgoing("GET", upstream.url("/")), std::move(sink), nullptr);
    };
    test::run(loop, work());
    EXPECT_EQ(reply.failure, Failure::aborted);

    HttpClient second(loop.get_executor());
    auto abandoned = [&]() -> Task<void> {
        Outgoing request("GET", upstream.url("/"));
        co_await second.send(std::move(request));
    };
    boost::asio::co_spawn(loop.get_executor(), abandoned(), boost::asio::detached);
    loop.run_for(50ms);
}

}  // namespace
}  // namespace bb::client
