#include "services/telemetry/spans.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace bb::telemetry {
namespace {

TEST(Spans, AreWrittenAsOtlpWantsThem) {
    const auto trace = begin_trace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    const auto text =
        otlp_json({"1.2", "dev", "i"}, {request_span(trace, "GET", "/api/threads", true, 503, 0.25),
                                        model_span(trace.child(), "m", "", 0.1)});
    const auto body = boost::json::parse(text);
    const auto& resource = body.at("resourceSpans").at(0);
    EXPECT_EQ(resource.at("resource").at("attributes").at(0).at("key"), "service.name");
    const auto& spans = resource.at("scopeSpans").at(0).at("spans").as_array();
    ASSERT_EQ(spans.size(), 2u);
    EXPECT_EQ(spans[0].at("name"), "GET /api/threads");
    EXPECT_EQ(spans[0].at("parentSpanId"), "00f067aa0ba902b7");
    EXPECT_EQ(spans[0].at("status").at("code"), 2);
    const auto begin = std::stoll(std::string(spans[0].at("startTimeUnixNano").as_string()));
    const auto end = std::stoll(std::string(spans[0].at("endTimeUnixNano").as_string()));
    EXPECT_EQ(end - begin, 250'000'000);
    EXPECT_EQ(spans[1].at("parentSpanId"), spans[0].at("spanId"));
    EXPECT_EQ(spans[1].at("kind"), 3);
    EXPECT_TRUE(spans[1].at("status").as_object().empty());
}

TEST(Spans, AreBoundedAndLeaveOutWhatNobodyKeeps) {
    metrics::Registry registry;
    Spans spans(registry, "http://127.0.0.1:9/", {});
    const auto dropped = registry.counter("brainbytes_spans_dropped_total", "");
    const auto unkept = begin_trace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
    for (int i = 0; i < 5000; ++i) spans.add(model_span(unkept, "m", "", 0));
    EXPECT_EQ(dropped.value(), 0);
    for (int i = 0; i < 4100; ++i) spans.add(model_span(begin_trace(""), "m", "", 0));
    EXPECT_EQ(dropped.value(), 4);
}

}  // namespace
}  // namespace bb::telemetry
