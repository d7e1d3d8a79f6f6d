#include "base/core/trace.hpp"

#include <gtest/gtest.h>

namespace bb {
namespace {

constexpr const char* good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(Trace, ReadsTheExactForm) {
    const auto trace = parse_traceparent(good);
    EXPECT_EQ(trace.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(trace.parent_id, "00f067aa0ba902b7");
    EXPECT_TRUE(trace.sampled);
    EXPECT_TRUE(trace.span_id.empty());
    const std::string begin(good, 53);
    EXPECT_FALSE(parse_traceparent(begin + "00").sampled);
    EXPECT_FALSE(parse_traceparent(begin + "fe").sampled);
    EXPECT_TRUE(parse_traceparent(begin + "ab").sampled);
}

TEST(Trace, TakesWhatItKnowsOfALaterVersion) {
    const std::string later = "01" + std::string(good).substr(2);
    EXPECT_EQ(parse_traceparent(later).trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_TRUE(parse_traceparent(later + "-more").sampled);
}

TEST(Trace, RefusesEverythingElse) {
    for (const std::string bad : {"", "00", "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                  "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
                                  "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                  "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                                  "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
                                  "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0A",
                                  "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                                  "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                                  "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
                                  "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1 ",
                                  " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                  "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                  "00-4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7-01xx"})
        EXPECT_TRUE(parse_traceparent(bad).trace_id.empty()) << bad;
}

TEST(Trace, GoesOnOrBegins) {
    const auto on = begin_trace(good);
    EXPECT_EQ(on.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(on.span_id.size(), 16u);
    EXPECT_NE(on.span_id, on.parent_id);
    const auto fresh = begin_trace("nonsense");
    EXPECT_EQ(fresh.trace_id.size(), 32u);
    EXPECT_TRUE(fresh.parent_id.empty());
    EXPECT_NE(fresh.trace_id, begin_trace("").trace_id);
}

TEST(Trace, HandsItselfOnWithASpanOfItsOwn) {
    const auto trace = begin_trace(good);
    const auto part = trace.child();
    EXPECT_EQ(part.trace_id, trace.trace_id);
    EXPECT_EQ(part.parent_id, trace.span_id);
    EXPECT_NE(part.span_id, trace.span_id);
    const auto heard = parse_traceparent(part.traceparent());
    EXPECT_EQ(heard.trace_id, part.trace_id);
    EXPECT_EQ(heard.parent_id, part.span_id);
    EXPECT_TRUE(heard.sampled);
}

}  // namespace
}  // namespace bb
