#include "base/core/metrics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <thread>

namespace bb::metrics {
namespace {

TEST(Metrics, WriteThePrometheusText) {
    Registry registry;
    registry.counter("hits_total", "Hits", {{"route", "/a\"b\\c\nd"}}).add(3);
    registry.gauge("level", "Level").set(-1.5);
    registry.gauge_from("read", "Read at each scrape", []() { return 7.0; });
    auto histogram = registry.histogram("took_seconds", "Time", {0.1, 1, 5}, {{"x", "y"}});
    for (const double value : {0.1, 0.5, 100.0}) histogram.observe(value);
    EXPECT_EQ(registry.prometheus_text(),
              "# HELP hits_total Hits\n# TYPE hits_total counter\nhits_total{route=\"/a\\\"b\\\\c\\nd\"} 3\n"
              "# HELP level Level\n# TYPE level gauge\nlevel -1.5\n"
              "# HELP read Read at each scrape\n# TYPE read gauge\nread 7\n"
              "# HELP took_seconds Time\n# TYPE took_seconds histogram\n"
              "took_seconds_bucket{x=\"y\",le=\"0.1\"} 1\ntook_seconds_bucket{x=\"y\",le=\"1.0\"} 2\n"
              "took_seconds_bucket{x=\"y\",le=\"5.0\"} 2\ntook_seconds_bucket{x=\"y\",le=\"+Inf\"} 3\n"
              "took_seconds_sum{x=\"y\"} 100.6\ntook_seconds_count{x=\"y\"} 3\n");
    EXPECT_EQ(histogram.count(), 3u);
}

TEST(Metrics, WriteOpenMetrics) {
    Registry registry;
    registry.counter("hits_total", "Hits").add();
    registry.gauge("odd", "Odd").set(std::numeric_limits<double>::quiet_NaN());
    registry.gauge("vast", "Vast").set(-std::numeric_limits<double>::infinity());
    EXPECT_EQ(
        registry.open_metrics_text(),
        "# HELP hits Hits\n# TYPE hits counter\nhits_total 1\n# HELP odd Odd\n# TYPE odd gauge\nodd NaN\n"
        "# HELP vast Vast\n# TYPE vast gauge\nvast -Inf\n# EOF\n");
}

TEST(Metrics, OfTheSameNameAndLabelsAreOneSeries) {
    Registry registry;
    registry.counter("n_total", "N", {{"a", "1"}}).add(2);
    auto again = registry.counter("n_total", "N", {{"a", "1"}});
    again.add(3);
    EXPECT_EQ(again.value(), 5);
    auto gauge = registry.gauge("g", "G");
    gauge.add(2);
    gauge.add(-3);
    EXPECT_EQ(registry.gauge("g", "G").value(), -1);
    EXPECT_THROW(registry.gauge("n_total", "N"), std::logic_error);
}

TEST(Metrics, FoldSeriesBeyondAThousand) {
    Registry registry;
    for (int i = 0; i < 1500; ++i) registry.counter("n_total", "N", {{"id", std::to_string(i)}}).add();
    const std::string text = registry.prometheus_text();
    EXPECT_NE(text.find("n_total{id=\"other\"} 500\n"), std::string::npos);
    EXPECT_NE(text.find("n_total{id=\"999\"} 1\n"), std::string::npos);
    EXPECT_EQ(text.find("id=\"1000\""), std::string::npos);
}

TEST(Metrics, MayBeChangedFromManyThreads) {
    Registry registry;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&registry, t]() {
            for (int i = 0; i < 2000; ++i) {
                registry.counter("n_total", "N", {{"t", std::to_string(t)}}).add();
                registry.histogram("h", "H", latency_buckets()).observe(0.01);
                registry.gauge("g", "G").add(1);
                if (i % 500 == 0) registry.prometheus_text();
            }
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(registry.gauge("g", "G").value(), 8000);
    EXPECT_EQ(registry.histogram("h", "H", latency_buckets()).count(), 8000u);
}

TEST(Metrics, KeepTheNewestTraceOfABucketAsExemplar) {
    Registry registry;
    auto seconds = registry.histogram("h_seconds", "Help", {0.1, 1});
    seconds.observe(0.05);
    seconds.observe(0.5, "first");
    seconds.observe(0.75, "second");
    const auto open = registry.open_metrics_text();
    EXPECT_NE(open.find("h_seconds_bucket{le=\"0.1\"} 1\n"), std::string::npos) << open;
    EXPECT_NE(open.find("h_seconds_bucket{le=\"1.0\"} 3 # {trace_id=\"second\"} 0.75 "), std::string::npos);
    EXPECT_EQ(open.find("first"), std::string::npos);
    EXPECT_EQ(registry.prometheus_text().find('#', registry.prometheus_text().find("bucket")),
              std::string::npos);
}

TEST(Metrics, AreReadAsSamples) {
    Registry registry;
    registry.counter("c_total", "C", {{"a", "x\"y"}, {"b", "2"}}).add(3);
    registry.gauge_from("g", "G", []() { return 1.5; });
    auto seconds = registry.histogram("h_seconds", "H", {0.1, 1});
    for (const double value : {0.05, 0.5, 0.75, 7.0}) seconds.observe(value, "id");
    const auto samples = registry.snapshot();
    ASSERT_EQ(samples.size(), 3u);
    EXPECT_EQ(samples[0].name, "c_total");
    EXPECT_EQ(samples[0].labels, (Labels{{"a", "x\"y"}, {"b", "2"}}));
    EXPECT_EQ(samples[0].kind, Kind::counter);
    EXPECT_EQ(samples[0].value, 3);
    EXPECT_EQ(samples[1].kind, Kind::gauge);
    EXPECT_EQ(samples[1].value, 1.5);
    EXPECT_EQ(samples[2].kind, Kind::histogram);
    EXPECT_EQ(samples[2].bounds, (std::vector<double>{0.1, 1}));
    EXPECT_EQ(samples[2].counts, (std::vector<std::uint64_t>{1, 2, 1}));
    EXPECT_DOUBLE_EQ(samples[2].sum, 8.3);
}

TEST(Metrics, MayFollowAndBeForgotten) {
    Registry registry;
    registry.counter("a_total", "A", {{"s", "1"}}).follow(7);
    registry.counter("a_total", "A", {{"s", "2"}}).add();
    registry.counter_from("b_total", "B", []() { return 2.5; });
    registry.forget("a_total", {{"s", "1"}});
    registry.forget("nothing_total");
    EXPECT_EQ(registry.prometheus_text(),
              "# HELP a_total A\n# TYPE a_total counter\na_total{s=\"2\"} 1\n"
              "# HELP b_total B\n# TYPE b_total counter\nb_total 2.5\n");
    registry.forget("a_total", {{"s", "2"}});
    EXPECT_EQ(registry.prometheus_text().find("a_total"), std::string::npos);
}

TEST(Metrics, SampleTheFoldedSeriesWithItsLabels) {
    Registry registry;
    for (int i = 0; i < 1200; ++i) registry.counter("n_total", "N", {{"id", std::to_string(i)}}).add();
    const auto samples = registry.snapshot();
    EXPECT_EQ(samples.size(), 1001u);
    const Labels other{{"id", "other"}};
    const auto folded =
        std::find_if(samples.begin(), samples.end(), [&](const Sample& one) { return one.labels == other; });
    ASSERT_NE(folded, samples.end());
    EXPECT_EQ(folded->value, 200);
}

}  // namespace
}  // namespace bb::metrics
