#include "services/llm/openai.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <vector>

#include "unit/support/fake_upstream.hpp"

namespace bb::llm {
namespace {

using namespace std::chrono_literals;
using test::FakeUpstream;
using test::Socket;
using Clock = std::chrono::steady_clock;

std::string token(std::string_view text) {
    return R"(data: {"choices":[{"index":0,"delta":{"content":")" + std::string(text) + "\"}}]}\n\n";
}

const std::string ending =
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":2}}\n\n"
    "data: [DONE]\n\n";

const std::string stream_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

/// Says each text in turn, one for each request (the last one for all further requests), then closes.
FakeUpstream::Script in_turn(std::vector<std::string> texts) {
    auto next = std::make_shared<std::size_t>(0);
    return [texts = std::move(texts), next](Socket& socket, std::string) -> Task<void> {
        std::string text = texts[std::min((*next)++, texts.size() - 1)];
        co_await test::say(socket, std::move(text));
        socket.close();
    };
}

class OpenAiTest : public testing::Test {
protected:
    boost::asio::io_context loop{1};
    Executor executor = loop.get_executor();
    client::HttpClient client{executor};
    metrics::Registry registry;
    Circuit circuit;
    std::string text;
    int pieces = 0;
    std::chrono::milliseconds silence = 5s;  // so long the model may say nothing
    std::shared_ptr<Cancellation> cancellation = std::make_shared<Cancellation>();

    std::unique_ptr<Provider> provider(const std::string& base_url) {
        Options options;
        options.base_url = base_url;
        options.api_key = "secret";
        options.model = "m-1";
        options.first_token = silence;
        options.idle = silence;
        options.retry.base = 5ms;
        options.retry.cap = 10ms;
        options.retry.longest = 1500ms;
        options.max_text = 1000;
        return make_openai(client, registry, circuit, options);
    }

    Outcome ask(Provider& model, bool again = true) {
        Outcome outcome;
        ChatRequest request;
        request.again = again;
        request.messages = {{"user", "Hello"}};
        auto work = [&]() -> Task<void> {
            auto hear = [this](std::string_view piece) {
                text += piece;
                ++pieces;
            };
            outcome = co_await model.chat(std::move(request), std::move(hear), cancellation);
        };
        test::run(loop, work());
        return outcome;
    }

    Outcome ask(const FakeUpstream& upstream) { return ask(*provider(upstream.url("/v1/"))); }

    double count(const std::string& outcome) {
        return registry.counter("brainbytes_model_requests_total", "", {{"outcome", outcome}}).value();
    }
};

TEST_F(OpenAiTest, StreamsAnAnswerWithUsage) {
    std::string seen;
    FakeUpstream upstream(executor, [&](Socket& socket, std::string request) -> Task<void> {
        seen = std::move(request);
        std::string reply = stream_head + ": hello\n\n" + token("Good ") + token("day") + ending;
        co_await test::say(socket, std::move(reply));
        socket.close();
    });
    const Outcome outcome = ask(upstream);
    EXPECT_FALSE(outcome.fault) << outcome.fault_detail;
    EXPECT_EQ(text, "Good day");
    EXPECT_EQ(pieces, 2);
    EXPECT_EQ(outcome.finish_reason, "stop");
    ASSERT_TRUE(outcome.usage);
    EXPECT_EQ(outcome.usage->prompt_tokens, 12);
    EXPECT_TRUE(seen.starts_with("POST /v1/chat/completions HTTP/1.1\r\n")) << seen.substr(0, 100);
    EXPECT_NE(seen.find("Authorization: Bearer secret\r\n"), std::string::npos);
    EXPECT_EQ(count("ok"), 1);
    EXPECT_EQ(registry.counter("brainbytes_model_tokens_total", "", {{"kind", "completion"}}).value(), 2);
}

TEST_F(OpenAiTest, ReadsAStreamThatComesByteByByte) {
    FakeUpstream upstream(executor, [](Socket& socket, std::string) -> Task<void> {
        const std::string reply = stream_head + token("Kumusta") + token(" ka") + ending;
        for (const char c : reply) {
            std::string one(1, c);
            co_await test::say(socket, std::move(one));
        }
        socket.close();
    });
    EXPECT_FALSE(ask(upstream).fault);
    EXPECT_EQ(text, "Kumusta ka");
}

TEST_F(OpenAiTest, TakesAnAnswerInOnePieceToo) {
    FakeUpstream upstream(
        executor,
        in_turn({test::response(200, R"({"choices":[{"message":{"content":"Whole"},"finish_reason":"length"}],
                                             "usage":{"prompt_tokens":1,"completion_tokens":1}})",
                                "Content-Type: application/json\r\n")}));
    const Outcome outcome = ask(upstream);
    EXPECT_FALSE(outcome.fault) << outcome.fault_detail;
    EXPECT_EQ(outcome.finish_reason, "length");
    EXPECT_EQ(text, "Whole");
}

TEST_F(OpenAiTest, NobodyThereIsRefused) {
    const Outcome outcome = ask(*provider("http://127.0.0.1:1"));
    EXPECT_EQ(outcome.fault, Fault::refused);
    EXPECT_EQ(outcome.finish_reason, "error");
    EXPECT_EQ(count("refused"), 1);
    EXPECT_EQ(registry.counter("brainbytes_model_retries_total", "").value(), 2);
}

TEST_F(OpenAiTest, ACallThatIsMadeOnceIsNotRepeated) {
    const Outcome outcome = ask(*provider("http://127.0.0.1:1"), false);
    EXPECT_EQ(outcome.fault, Fault::refused);
    EXPECT_EQ(count("refused"), 1);
    EXPECT_EQ(registry.counter("brainbytes_model_retries_total", "").value(), 0);
}

TEST_F(OpenAiTest, SilenceBeforeTheFirstTokenIsSlowAndNotRepeated) {
    silence = 300ms;
    FakeUpstream upstream(executor, [](Socket& socket, std::string) -> Task<void> {
        std::string head =
            stream_head + ": waiting\n\ndata: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n";
        co_await test::say(socket, std::move(head));
        co_await test::until_closed(socket);
    });
    EXPECT_EQ(ask(upstream).fault, Fault::slow);
    EXPECT_EQ(upstream.requests(), 1);
}

TEST_F(OpenAiTest, CommentsDoNotCountAsTokens) {
    silence = 300ms;
    FakeUpstream upstream(executor, [](Socket& socket, std::string) -> Task<void> {
        std::string next = stream_head + token("a");
        while (co_await test::say(socket, std::move(next))) {
            next = ": still here\n\n";
            co_await test::pause(20ms);
        }
        socket.close();
    });
    const auto start = Clock::now();
    EXPECT_EQ(ask(upstream).fault, Fault::slow);
    EXPECT_EQ(text, "a");
    EXPECT_LT(Clock::now() - start, 3s);
}

TEST_F(OpenAiTest, ACutInTheMiddleKeepsTheTextAndIsNotRepeated) {
    FakeUpstream upstream(executor, in_turn({stream_head + token("Half an ans")}));
    EXPECT_EQ(ask(upstream).fault, Fault::cut_off);
    EXPECT_EQ(text, "Half an ans");
    EXPECT_EQ(upstream.requests(), 1);
}

TEST_F(OpenAiTest, ACutBeforeTheFirstTokenIsRepeated) {
    FakeUpstream upstream(executor, in_turn({"", stream_head, stream_head + token("At last") + ending}));
    EXPECT_FALSE(ask(upstream).fault);
    EXPECT_EQ(text, "At last");
    EXPECT_EQ(upstream.requests(), 3);
}

TEST_F(OpenAiTest, WhatIsNoChunkIsGarbage) {
    for (const std::string& body :
         {std::string("data: {\"choices\":[{\"delta\":{\"content\":\n\n"), std::string("data: <html>\n\n"),
          std::string("<html>login please</html>"), std::string("{\"unexpected\":true}"), ending}) {
        FakeUpstream upstream(executor, in_turn({stream_head + body}));
        const Outcome outcome = ask(upstream);
        EXPECT_TRUE(outcome.fault == Fault::garbage || outcome.fault == Fault::cut_off)
            << body << ": " << outcome.fault_detail;
        EXPECT_EQ(text, "");
    }
}

TEST_F(OpenAiTest, AHugeTokenIsNotTaken) {
    FakeUpstream upstream(executor, in_turn({stream_head + token(std::string(3'000'000, 'x')) + ending}));
    EXPECT_EQ(ask(upstream).fault, Fault::garbage);
    EXPECT_EQ(text, "");
}

TEST_F(OpenAiTest, AnAnswerBeyondTheBoundEndsWithReasonLength) {
    std::string reply = stream_head;
    for (int i = 0; i < 100; ++i) reply += token(std::string(90, 'x'));
    FakeUpstream upstream(executor, in_turn({reply + ending}));
    const Outcome outcome = ask(upstream);
    EXPECT_FALSE(outcome.fault);
    EXPECT_EQ(outcome.finish_reason, "length");
    EXPECT_LE(text.size(), 1000u);
    EXPECT_GT(text.size(), 900u);
}

TEST_F(OpenAiTest, A429IsRepeatedWhenItsTimeHasCome) {
    FakeUpstream upstream(executor, in_turn({test::response(429, "{}", "Retry-After: 1\r\n"),
                                             stream_head + token("Now") + ending}));
    const auto start = Clock::now();
    EXPECT_FALSE(ask(upstream).fault);
    EXPECT_EQ(text, "Now");
    EXPECT_GE(Clock::now() - start, 1s);
}

TEST_F(OpenAiTest, A429ForTooLongIsGivenUp) {
    FakeUpstream upstream(executor, in_turn({test::response(429, "{}", "Retry-After: 60\r\n")}));
    EXPECT_EQ(ask(upstream).fault, Fault::busy);
    EXPECT_EQ(upstream.requests(), 1);
}

TEST_F(OpenAiTest, A500IsRepeatedAFewTimes) {
    FakeUpstream upstream(executor, in_turn({test::response(500, R"({"error":{"type":"server_error"}})")}));
    const Outcome outcome = ask(upstream);
    EXPECT_EQ(outcome.fault, Fault::busy);
    EXPECT_EQ(outcome.fault_detail, "HTTP 500 server_error");
    EXPECT_EQ(upstream.requests(), 3);
    EXPECT_EQ(count("busy"), 1);
}

TEST_F(OpenAiTest, WhatCannotGetBetterIsNotRepeated) {
    struct Case {
        int status;
        const char* body;
        Fault fault;
    };
    const Case cases[] = {{401, R"({"error":{"code":"invalid_api_key"}})", Fault::rejected},
                          {404, "no such model", Fault::rejected},
                          {302, "", Fault::rejected},
                          {400, R"({"error":{"code":"context_length_exceeded"}})", Fault::too_long},
                          {413, "", Fault::too_long},
                          {429, R"({"error":{"code":"insufficient_quota"}})", Fault::rejected}};
    for (const auto& c : cases) {
        FakeUpstream upstream(executor, in_turn({test::response(c.status, c.body)}));
        const Outcome outcome = ask(upstream);
        EXPECT_EQ(outcome.fault, c.fault) << c.status << " " << c.body << ": " << outcome.fault_detail;
        EXPECT_EQ(upstream.requests(), 1) << c.status;
    }
}

TEST_F(OpenAiTest, LearnsTheDialectOfTheServer) {
    FakeUpstream upstream(
        executor,
        in_turn({test::response(400, R"({"error":{"code":"unsupported_parameter","param":"max_tokens"}})"),
                 test::response(400, R"({"error":{"code":"unsupported_value","param":"temperature"}})"),
                 stream_head + token("Fine") + ending}));
    auto model = provider(upstream.url("/v1"));
    EXPECT_FALSE(ask(*model).fault);
    EXPECT_EQ(upstream.requests(), 3);
    EXPECT_FALSE(ask(*model).fault);
    EXPECT_EQ(upstream.requests(), 4) << "learned once";
}

TEST_F(OpenAiTest, AnErrorInsideTheStream) {
    FakeUpstream upstream(executor,
                          in_turn({stream_head + token("Some") + "data: {\"error\":{\"code\":\"x\"}}\n\n"}));
    EXPECT_EQ(ask(upstream).fault, Fault::cut_off);
    EXPECT_EQ(text, "Some");
}

TEST_F(OpenAiTest, FailuresInARowOpenTheCircuit) {
    auto model = provider("http://127.0.0.1:1");
    for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(*model).fault, Fault::refused);
    EXPECT_EQ(ask(*model).fault, Fault::circuit_open);
    EXPECT_EQ(model->state(), "unavailable");
    EXPECT_EQ(count("circuit_open"), 1);
}

TEST_F(OpenAiTest, CancellingClosesTheUpstreamWithin100Milliseconds) {
    Clock::time_point closed{};
    Clock::time_point cancelled{};
    FakeUpstream upstream(executor, [&](Socket& socket, std::string) -> Task<void> {
        std::string head = stream_head + token("Once");
        co_await test::say(socket, std::move(head));
        co_await test::until_closed(socket);
        closed = Clock::now();
    });
    auto stopper = [&]() -> Task<void> {
        while (text.empty()) co_await test::pause(5ms);
        cancelled = Clock::now();
        cancellation->cancel();
    };
    boost::asio::co_spawn(executor, stopper(), boost::asio::detached);
    const Outcome outcome = ask(upstream);
    EXPECT_TRUE(outcome.cancelled);
    EXPECT_FALSE(outcome.fault);
    EXPECT_EQ(text, "Once");
    auto wait = [&]() -> Task<void> {
        for (int i = 0; i < 100 && closed == Clock::time_point{}; ++i) co_await test::pause(2ms);
    };
    test::run(loop, wait());
    ASSERT_NE(closed, Clock::time_point{});
    EXPECT_LT(closed - cancelled, 100ms);
    EXPECT_EQ(count("cancelled"), 1);
}

TEST_F(OpenAiTest, CancellingWhileWaitingForTheNextAttempt) {
    FakeUpstream upstream(executor, in_turn({test::response(429, "{}", "Retry-After: 1\r\n")}));
    auto stopper = [&]() -> Task<void> {
        while (upstream.requests() == 0) co_await test::pause(5ms);
        co_await test::pause(50ms);
        cancellation->cancel();
    };
    boost::asio::co_spawn(executor, stopper(), boost::asio::detached);
    const auto start = Clock::now();
    EXPECT_TRUE(ask(upstream).cancelled);
    EXPECT_LT(Clock::now() - start, 500ms);
    EXPECT_EQ(upstream.requests(), 1);
}

TEST_F(OpenAiTest, ACancelledCallIsNotSent) {
    FakeUpstream upstream(executor, in_turn({stream_head + token("x") + ending}));
    cancellation->cancel();
    EXPECT_TRUE(ask(upstream).cancelled);
    EXPECT_EQ(upstream.requests(), 0);
}

TEST_F(OpenAiTest, NoTextFollowsACancellationFromTheReceiver) {
    FakeUpstream upstream(executor, in_turn({stream_head + token("a") + token("b") + token("c") + ending}));
    auto model = provider(upstream.url("/v1"));
    Outcome outcome;
    auto work = [&]() -> Task<void> {
        ChatRequest request;
        auto hear = [this](std::string_view piece) {
            text += piece;
            cancellation->cancel();
        };
        outcome = co_await model->chat(std::move(request), std::move(hear), cancellation);
    };
    test::run(loop, work());
    EXPECT_EQ(text, "a");
    EXPECT_TRUE(outcome.cancelled);
}

}  // namespace
}  // namespace bb::llm
