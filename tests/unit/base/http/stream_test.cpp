#include "unit/base/http/server_fixture.hpp"

namespace bb::http {
namespace {

using std::chrono::milliseconds;
using test::RawClient;

class Streams : public test::ServerTest {
protected:
    /// Opens a stream and reads what it begins with.
    RawClient open_stream(std::string_view more = {}) {
        RawClient client = connect();
        const std::size_t before = on_loop([this]() { return streams.size(); });
        client.send(get("/stream", more));
        EXPECT_TRUE(until([&]() { return streams.size() == before + 1; }));
        return client;
    }
    template <class Work>
    auto with_last(Work work) {
        return on_loop([&]() { return work(*streams.back()); });
    }
};

TEST_F(Streams, AreChunkedAndTheConnectionGoesOn) {
    start();
    RawClient client = open_stream();
    const std::string head = client.read_until("\r\n\r\n");
    EXPECT_NE(head.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
    EXPECT_NE(head.find("Content-Type: text/event-stream\r\n"), std::string::npos);
    EXPECT_NE(head.find("X-Vercel-AI-UI-Message-Stream: v1\r\n"), std::string::npos);
    EXPECT_EQ(head.find("Content-Length"), std::string::npos);
    EXPECT_EQ(client.read_until("first\n\n\r\n"), "d\r\ndata: first\n\n\r\n");
    EXPECT_TRUE(with_last([](EventStream& stream) { return stream.write("data: 2\n\n"); }));
    EXPECT_EQ(client.read_until("\n\n\r\n"), "9\r\ndata: 2\n\n\r\n");
    EXPECT_TRUE(with_last([](EventStream& stream) { return stream.write_now("data: 3\n\n"); }));
    EXPECT_EQ(client.read_until("\n\n\r\n"), "9\r\ndata: 3\n\n\r\n");
    with_last([](EventStream& stream) { stream.close(); });
    EXPECT_EQ(client.read_until("0\r\n\r\n"), "0\r\n\r\n");
    EXPECT_FALSE(with_last([](EventStream& stream) { return stream.is_open() || stream.write("x"); }));
    EXPECT_EQ(client.send(get("/plain")).read().body, "hello");
    EXPECT_EQ(gone, 0);
    EXPECT_EQ(on_loop([this]() { return server->busy(); }), 0u);
}

TEST_F(Streams, RequestsSentMeanwhileAreAnsweredAfterwards) {
    start();
    RawClient early = connect();
    early.send(get("/stream") + get("/things/1") + get("/things/2"));
    EXPECT_TRUE(until([this]() { return streams.size() == 1; }));
    with_last([](EventStream& stream) { stream.close(); });
    early.read_until("0\r\n\r\n");
    EXPECT_EQ(early.read().body, "1");
    EXPECT_EQ(early.read().body, "2");
    RawClient late = open_stream();
    late.send(get("/things/3"));
    std::this_thread::sleep_for(milliseconds(30));
    with_last([](EventStream& stream) { stream.close(); });
    late.read_until("0\r\n\r\n");
    EXPECT_EQ(late.read().body, "3");
}

TEST_F(Streams, ToHttp10AndToClosersEndWithTheConnection) {
    start();
    RawClient old = connect();
    old.send("GET /stream HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(until([this]() { return streams.size() == 1; }));
    with_last([](EventStream& stream) { stream.close(); });
    const std::string all = old.read_until("first\n\n");
    EXPECT_EQ(all.find("chunked"), std::string::npos);
    EXPECT_NE(all.find("\r\n\r\ndata: first\n\n"), std::string::npos);
    EXPECT_TRUE(old.closed());
    RawClient closer = open_stream("Connection: close\r\n");
    with_last([](EventStream& stream) { stream.close(); });
    closer.read_until("0\r\n\r\n");
    EXPECT_TRUE(closer.closed());
}

TEST_F(Streams, SayThatTheyAreAlive) {
    options.heartbeat = milliseconds(100);
    start();
    RawClient client = open_stream();
    client.read_until("first\n\n\r\n");
    EXPECT_EQ(client.read_until("\n\n\r\n"), "e\r\n: keep-alive\n\n\r\n");
    EXPECT_EQ(client.read_until("\n\n\r\n"), "e\r\n: keep-alive\n\n\r\n");
}

TEST_F(Streams, TellWhenTheClientGoesAway) {
    start();
    {
        RawClient client = open_stream();
        client.read_until("first\n\n\r\n");
    }
    EXPECT_TRUE(until([this]() { return gone == 1; }));
    EXPECT_FALSE(with_last([](EventStream& stream) { return stream.write("x"); }));
    RawClient rude = open_stream();
    rude.reset();
    EXPECT_TRUE(until([this]() { return gone == 2; }));
    EXPECT_EQ(on_loop([this]() { return server->busy(); }), 0u);
}

TEST_F(Streams, DropReadersThatStall) {
    options.stall_time = milliseconds(200);
    start();
    RawClient client = open_stream();
    client.shrink_receive_buffer();
    // Fills the kernel's buffers, then the stream's own, piece by piece.
    const std::string piece = "data: " + std::string(60'000, 'x') + "\n\n";
    bool open = true;
    for (int i = 0; i < 200 && open; ++i) {
        open = with_last([&](EventStream& stream) { return stream.write(piece); });
        std::this_thread::sleep_for(milliseconds(12));
    }
    EXPECT_FALSE(open);
    EXPECT_FALSE(with_last([](EventStream& stream) { return stream.is_open(); }));
    EXPECT_EQ(on_loop([this]() { return server->busy(); }), 0u);
}

TEST_F(Streams, DropReadersThatLagTooMuchAtOnce) {
    start();
    RawClient client = open_stream();
    const std::string huge(2 << 20, 'x');
    EXPECT_FALSE(with_last([&](EventStream& stream) { return stream.write(huge); }));
    EXPECT_EQ(gone, 0);  // the writer knows from the result
    EXPECT_EQ(on_loop([this]() { return server->busy(); }), 0u);
}

TEST_F(Streams, CarryLargeMessagesInParts) {
    start();
    RawClient client = open_stream();
    client.read_until("first\n\n\r\n");
    const std::string large(900'000, 'x');
    EXPECT_TRUE(with_last([&](EventStream& stream) { return stream.write_now(large); }));
    const std::string got = client.read_until("x\r\n");
    EXPECT_EQ(got, "dbba0\r\n" + large + "\r\n");
}

TEST_F(Streams, EndWhenTheServerCloses) {
    start();
    RawClient client = open_stream();
    on_loop([this]() { server->begin_drain(); });
    EXPECT_TRUE(with_last([](EventStream& stream) { return stream.write_now("data: late\n\n"); }));
    client.read_until("late\n\n\r\n");
    EXPECT_EQ(on_loop([this]() { return server->busy(); }), 1u);
    on_loop([this]() { server->close_all(); });
    EXPECT_TRUE(client.closed());
    EXPECT_TRUE(until([this]() { return gone == 1; }));
}

TEST_F(Streams, FinishedDuringADrainCloseTheirConnection) {
    start();
    RawClient client = open_stream();
    on_loop([this]() { server->begin_drain(); });
    with_last([](EventStream& stream) { stream.close(); });
    client.read_until("0\r\n\r\n");
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(on_loop([this]() { return server->busy(); }), 0u);
}

TEST_F(Streams, LettingGoOfOthersWhenOneEndsIsSafe) {
    start();
    std::vector<RawClient> clients;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(open_stream());
        with_last([this](EventStream& stream) {
            stream.on_gone([this]() {
                ++gone;
                streams.clear();
            });
        });
        clients.back().send("GET");  // ends the watch that would keep the stream
    }
    std::this_thread::sleep_for(milliseconds(30));
    on_loop([this]() { server->close_all(); });
    EXPECT_GE(gone, 1);
}

TEST_F(Streams, AnswerHeadWithoutBeginning) {
    start();
    RawClient client = connect();
    client.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.read(true).status, 200);
    EXPECT_EQ(client.send(get("/plain")).read().body, "hello");
    EXPECT_EQ(on_loop([this]() { return streams.size(); }), 0u);
}

}  // namespace
}  // namespace bb::http
