#include "services/access/buckets.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/core/crypto.hpp"
#include "services/access/network.hpp"
#include "services/access/request_limits.hpp"

namespace {

using namespace bb;
using namespace bb::access;
using std::chrono::milliseconds;
using std::chrono::seconds;

class BucketsTest : public ::testing::Test {
protected:
    BucketsTest() { crypto::initialize(); }

    static Buckets::Key key(std::uint32_t number, std::uint8_t kind = 0) {
        Buckets::Key key;
        for (std::size_t i = 0; i < 4; ++i) key.who[i] = static_cast<std::uint8_t>(number >> (8 * i));
        key.kind = kind;
        return key;
    }

    Buckets buckets_;
    const config::Rate rate_{10, 2};
    const Buckets::Clock::time_point start_ = Buckets::Clock::now();
};

TEST_F(BucketsTest, GiveTheBurstAndThenWhatComesBack) {
    for (int i = 0; i < 10; ++i) {
        const auto taken = buckets_.take(key(1), rate_, start_);
        EXPECT_TRUE(taken.allowed);
        EXPECT_EQ(taken.left, 9 - i);
        EXPECT_EQ(taken.reset, (i + 2) / 2);
        EXPECT_EQ(taken.wait, 0);
    }
    const auto refused = buckets_.take(key(1), rate_, start_);
    EXPECT_FALSE(refused.allowed);
    EXPECT_EQ(refused.left, 0);
    EXPECT_EQ(refused.wait, 1);
    EXPECT_EQ(refused.reset, 5);
    EXPECT_FALSE(buckets_.take(key(1), rate_, start_ + milliseconds(499)).allowed);
    EXPECT_TRUE(buckets_.take(key(1), rate_, start_ + milliseconds(500)).allowed);
    EXPECT_FALSE(buckets_.take(key(1), rate_, start_ + milliseconds(501)).allowed);
    // A refusal costs nothing; a bucket never holds more than the burst.
    int allowed = 0;
    for (int i = 0; i < 20; ++i) allowed += buckets_.take(key(1), rate_, start_ + seconds(3600)).allowed;
    EXPECT_EQ(allowed, 10);
}

TEST_F(BucketsTest, KeepPeopleAndKindsApart) {
    while (buckets_.take(key(1), rate_, start_).allowed) continue;
    EXPECT_TRUE(buckets_.take(key(2), rate_, start_).allowed);
    EXPECT_TRUE(buckets_.take(key(1, 1), rate_, start_).allowed);
}

TEST_F(BucketsTest, SayHowLongASlowOneTakes) {
    const config::Rate slow{1, 1.0 / 180};
    EXPECT_TRUE(buckets_.take(key(1), slow, start_).allowed);
    EXPECT_EQ(buckets_.take(key(1), slow, start_ + seconds(30)).wait, 150);
}

TEST_F(BucketsTest, StayBoundedAndForgetFullOnesFirst) {
    Buckets small(1600);
    const config::Rate slow{1, 1.0 / 60};
    for (std::uint32_t i = 0; i < 1000; ++i)
        small.take(key(i), rate_, start_);  // full again after half a second
    const auto later = start_ + seconds(1);
    ASSERT_TRUE(small.take(key(5000), slow, later).allowed);
    for (std::uint32_t i = 10'000; i < 11'300; ++i) small.take(key(i), rate_, later);
    EXPECT_FALSE(small.take(key(5000), slow, later).allowed);  // empty, so remembered
    for (std::uint32_t i = 20'000; i < 60'000; ++i) small.take(key(i), slow, later + seconds(1));
    EXPECT_LE(small.size(), 1616U);
}

TEST_F(BucketsTest, ShareOneLimitAmongThreads) {
    std::atomic<int> allowed{0};
    const config::Rate rate{1000, 1};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 500; ++i) allowed += buckets_.take(key(7), rate, start_).allowed;
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(allowed, 1000);
}

TEST(NetworkTest, IsAnAddressOfIPv4AndHalfOfOneOfIPv6) {
    EXPECT_NE(network_of("192.0.2.1"), network_of("192.0.2.2"));
    EXPECT_EQ(network_of("192.0.2.1"), network_of("::ffff:192.0.2.1"));
    EXPECT_EQ(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:2:ffff::9"));
    EXPECT_NE(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
    EXPECT_EQ(network_of("nonsense"), (std::array<std::uint8_t, 16>{}));
}

TEST(RatesTest, ChangeWhatTheyNameAndKeepTheRest) {
    const auto rates = rates_of("person=600+50/s,mail-address=9+3/h");
    EXPECT_EQ(rates.at("person"), (config::Rate{600, 50}));
    EXPECT_EQ(rates.at("mail-address"), (config::Rate{9, 3.0 / 3600}));
    EXPECT_EQ(rates.at("network"), (config::Rate{240, 10}));
    EXPECT_EQ(rates.at("try-address"), (config::Rate{20, 2.0 / 60}));
}

}  // namespace
