#include <gtest/gtest.h>

#include "services/llm/circuit.hpp"
#include "services/llm/provider.hpp"
#include "services/llm/retry.hpp"

namespace bb::llm {
namespace {

using namespace std::chrono_literals;

TEST(Circuit, OpensAfterFailuresInARowAndTriesAgain) {
    Circuit circuit;
    Circuit::Time now = Circuit::Time() + 1h;
    EXPECT_EQ(circuit.state(now), "available");
    for (int i = 0; i < Circuit::trip_after; ++i) {
        EXPECT_TRUE(circuit.admit(now));
        circuit.failed(now);
    }
    EXPECT_EQ(circuit.state(now), "unavailable");
    EXPECT_FALSE(circuit.admit(now));
    now += Circuit::first_cool_down;
    EXPECT_EQ(circuit.state(now), "degraded");
    EXPECT_TRUE(circuit.admit(now));
    EXPECT_FALSE(circuit.admit(now)) << "one try at a time";
    circuit.failed(now);
    EXPECT_FALSE(circuit.admit(now + Circuit::first_cool_down)) << "the cool-down doubles";
    now += Circuit::first_cool_down * 2;
    EXPECT_TRUE(circuit.admit(now));
    circuit.succeeded();
    EXPECT_TRUE(circuit.admit(now));
    EXPECT_EQ(circuit.state(now), "available");
}

TEST(Circuit, ASuccessInBetweenStartsTheCountAgain) {
    Circuit circuit;
    const Circuit::Time now{};
    for (int i = 0; i < 20; ++i) {
        for (int k = 1; k < Circuit::trip_after; ++k) circuit.failed(now);
        circuit.succeeded();
    }
    EXPECT_TRUE(circuit.admit(now));
}

TEST(Circuit, ADroppedTryLetsTheNextOneThrough) {
    Circuit circuit;
    Circuit::Time now{};
    for (int i = 0; i < Circuit::trip_after; ++i) circuit.failed(now);
    now += Circuit::first_cool_down;
    EXPECT_TRUE(circuit.admit(now));
    circuit.dropped();
    EXPECT_TRUE(circuit.admit(now));
}

TEST(Circuit, ComplaintsShowButNeverTrip) {
    Circuit circuit;
    const Circuit::Time now{};
    for (int i = 0; i < 50; ++i) circuit.complained(now);
    EXPECT_TRUE(circuit.admit(now));
    EXPECT_EQ(circuit.state(now), "degraded");
    EXPECT_EQ(circuit.state(now + Circuit::memory), "available") << "an old failure says nothing about now";
}

TEST(Retry, KnowsWhichStatusesMayPass) {
    for (const int status : {408, 429, 500, 502, 503, 504, 529})
        EXPECT_TRUE(worth_retrying(status)) << status;
    for (const int status : {200, 301, 400, 401, 403, 404, 422, 600})
        EXPECT_FALSE(worth_retrying(status)) << status;
}

TEST(Retry, ReadsSecondsAndDates) {
    const auto now = std::chrono::system_clock::from_time_t(1'000'000'000);  // 2001-09-09T01:46:40Z
    EXPECT_EQ(parse_retry_after("0", now), 0ms);
    EXPECT_EQ(parse_retry_after("7", now), 7000ms);
    EXPECT_EQ(parse_retry_after("Sun, 09 Sep 2001 01:46:45 GMT", now), 5000ms);
    EXPECT_EQ(parse_retry_after("Sun, 09 Sep 2001 01:46:00 GMT", now), 0ms);
    for (const char* text : {"", "-1", "soon", "1.5", "99999999999999999999"})
        EXPECT_FALSE(parse_retry_after(text, now)) << text;
}

TEST(Retry, WaitsLongerEachTimeWithinBounds) {
    const RetryLimits limits{4, 100ms, 300ms, 2000ms};
    EXPECT_EQ(wait_after(limits, 1, {}, 0.5), 50ms);
    EXPECT_EQ(wait_after(limits, 2, {}, 0.5), 100ms);
    EXPECT_EQ(wait_after(limits, 3, {}, 0.5), 150ms) << "capped";
    EXPECT_EQ(wait_after(limits, 1, {}, 0.0), 0ms) << "full jitter";
    EXPECT_FALSE(wait_after(limits, 4, {}, 0.5)) << "attempts are used up";
    EXPECT_EQ(wait_after(limits, 1, 1000ms, 0.5), 1050ms) << "never sooner than asked";
    EXPECT_FALSE(wait_after(limits, 1, 3000ms, 0.5)) << "asked for longer than a student waits";
}

TEST(Cancellation, CallsOnceAndAtOnceWhenLate) {
    Cancellation cancellation;
    int calls = 0;
    cancellation.on_cancel([&] { ++calls; });
    cancellation.cancel();
    cancellation.cancel();
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(cancellation.cancelled());
    cancellation.on_cancel([&] { ++calls; });
    EXPECT_EQ(calls, 2);
    cancellation.on_cancel({});
}

TEST(Cancellation, ARemovedCallbackIsNotCalled) {
    Cancellation cancellation;
    cancellation.on_cancel([] { FAIL(); });
    cancellation.on_cancel({});
    cancellation.cancel();
}

TEST(Sentences, EachFaultHasOneInBothLanguages) {
    for (const Fault fault : {Fault::refused, Fault::slow, Fault::cut_off, Fault::garbage, Fault::busy,
                              Fault::rejected, Fault::too_long, Fault::circuit_open}) {
        const auto english = sentence_for(fault, "en");
        EXPECT_GT(english.size(), 30u);
        EXPECT_NE(english.find("again"), std::string::npos) << "says what to do: " << english;
        EXPECT_NE(sentence_for(fault, "fil"), english);
        EXPECT_EQ(sentence_for(fault, "xx"), english);
    }
}

}  // namespace
}  // namespace bb::llm
