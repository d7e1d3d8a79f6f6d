#include "operations/deploy/traffic.hpp"

#include <gtest/gtest.h>

namespace bb::deploy {
namespace {

constexpr const char* text =
    "# TYPE brainbytes_http_requests_total counter\n"
    "brainbytes_http_requests_total{method=\"GET\",route=\"/api/threads\",status=\"200\"} 90\n"
    "brainbytes_http_requests_total{method=\"GET\",route=\"/api/threads\",status=\"503\"} 10\n"
    "brainbytes_http_requests_total{method=\"POST\",route=\"/api/auth/code\",status=\"422\"} 3\n"
    "brainbytes_http_requests_total{method=\"POST\",route=\"/api/auth/code\",status=\"204\"} 1\n"
    "brainbytes_http_requests_total{method=\"GET\",route=\"/readyz\",status=\"503\"} 500\n"
    "brainbytes_http_request_duration_seconds_bucket{method=\"GET\",route=\"/api/threads\",le=\"0.1\"} 50\n"
    "brainbytes_http_request_duration_seconds_bucket{method=\"GET\",route=\"/api/threads\",le=\"0.5\"} 100\n"
    "brainbytes_http_request_duration_seconds_bucket{method=\"GET\",route=\"/api/threads\",le=\"+Inf\"} 100\n"
    "brainbytes_http_request_duration_seconds_bucket{method=\"GET\",route=\"/livez\",le=\"0.1\"} 900\n"
    "brainbytes_http_connections 7\n";

Traffic traffic(double requests, double failed, double seconds) {
    Traffic made;
    made.requests = requests;
    made.failed = failed;
    made.within = {{seconds / 2, 0}, {seconds, requests}};
    return made;
}

TEST(Traffic, IsReadWithoutProbes) {
    const auto read = read_traffic(text);
    EXPECT_EQ(read.requests, 104);
    EXPECT_EQ(read.failed, 10);
    EXPECT_EQ(read.sign_ins, 4);
    EXPECT_EQ(read.refused_sign_ins, 3);
    EXPECT_NEAR(*read.p95(), 0.1 + 0.4 * 45 / 50, 1e-9);
    EXPECT_FALSE(read_traffic("").p95());
    EXPECT_FALSE(read_traffic("brainbytes_http_requests_total{\nbroken").p95());
}

TEST(Traffic, BetweenTwoLooks) {
    const auto read = read_traffic(text);
    const auto none = read - read;
    EXPECT_EQ(none.requests, 0);
    EXPECT_FALSE(none.p95());
}

TEST(Traffic, ANewReleaseIsWorse) {
    const Limits limits;
    const auto before = traffic(1000, 5, 0.1);
    EXPECT_FALSE(judge(traffic(1000, 19, 0.1), before, limits));
    const auto failing = judge(traffic(1000, 21, 0.1), before, limits);
    ASSERT_TRUE(failing);
    EXPECT_EQ(*failing, "2.1 % of 1000 requests failed (before: 0.5 %)");
    EXPECT_FALSE(judge(traffic(1000, 90, 0.1), traffic(1000, 50, 0.1), limits)) << "as bad as before";
    EXPECT_FALSE(judge(traffic(19, 19, 0.1), before, limits)) << "too few to tell";
    const auto slow = judge(traffic(1000, 0, 0.5), before, limits);
    ASSERT_TRUE(slow);
    EXPECT_EQ(*slow, "95 of 100 requests take up to 488 ms (before: 98 ms)");
    EXPECT_FALSE(judge(traffic(1000, 0, 0.3), before, limits));
    EXPECT_FALSE(judge(traffic(99, 0, 0.5), before, limits)) << "too few to tell";
    EXPECT_FALSE(judge(traffic(1000, 0, 5), Traffic(), limits)) << "nothing to compare with";
}

TEST(Traffic, NobodyGetsIn) {
    auto now = traffic(1000, 0, 0.1);
    now.sign_ins = 40;
    now.refused_sign_ins = 30;
    const auto refused = judge(now, traffic(1000, 0, 0.1), Limits());
    ASSERT_TRUE(refused);
    EXPECT_EQ(*refused, "75.0 % of 40 sign-ins were refused (before: 0.0 %)");
}

}  // namespace
}  // namespace bb::deploy
