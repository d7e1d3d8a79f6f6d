#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <thread>

#include "base/net/address.hpp"
#include "base/net/loop.hpp"
#include "base/net/pool.hpp"
#include "base/net/timer.hpp"
#include "base/net/wheel.hpp"
#include "unit/support/fake_upstream.hpp"

namespace bb::net {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

TEST(Addresses, AreReadWithTheirPort) {
    const auto text = [](std::string_view from) {
        const auto endpoint = parse_endpoint(from);
        return endpoint ? endpoint->address().to_string() + " " + std::to_string(endpoint->port()) : "bad";
    };
    EXPECT_EQ(text("127.0.0.1:3000"), "127.0.0.1 3000");
    EXPECT_EQ(text("[::1]:80"), "::1 80");
    EXPECT_EQ(text("localhost:0"), "127.0.0.1 0");
    EXPECT_EQ(text(":3000"), ":: 3000");
    EXPECT_EQ(text("*:3000"), ":: 3000");
    for (const char* bad : {"", "3000", "localhost", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x",
                            "127.0.0.1:-1", "nowhere.example:80", "256.0.0.1:80", "[::1:80", "127.0.0.1: 80"})
        EXPECT_EQ(text(bad), "bad") << bad;
}

TEST(NetworkLists, KnowTheirMembers) {
    const auto list =
        NetworkList::parse(" 10.0.0.0/8, 192.168.1.7 ,fd00::/8,2001:db8::1,172.16.0.0/12, ").value();
    const auto has = [&](const char* text) {
        return list.contains(boost::asio::ip::make_address(text));
    };
    for (const char* in : {"10.0.0.0", "10.255.255.255", "192.168.1.7", "fd12::5", "2001:db8::1",
                           "172.31.255.255", "::ffff:10.1.2.3"})
        EXPECT_TRUE(has(in)) << in;
    for (const char* out :
         {"11.0.0.0", "192.168.1.8", "fc00::1", "2001:db8::2", "172.32.0.0", "::1", "9.255.255.255"})
        EXPECT_FALSE(has(out)) << out;
    EXPECT_TRUE(NetworkList::parse("")->empty());
    EXPECT_TRUE(NetworkList::parse("0.0.0.0/0")->contains(boost::asio::ip::make_address("1.2.3.4")));
    for (const char* bad :
         {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "name", "::1/129", "10.0.0/8", "1.2.3.4/-1"})
        EXPECT_EQ(NetworkList::parse(bad).error().code, ErrorCode::invalid_input) << bad;
}

class Wheel : public ::testing::Test {
protected:
    void run_for(milliseconds time) {
        loop.restart();
        loop.run_for(time);
    }
    boost::asio::io_context loop{1};
    TimerWheel wheel{loop.get_executor()};
};

TEST_F(Wheel, RunsDeadlinesOnceAndNeverEarly) {
    wheel.start();
    run_for(milliseconds(20));  // so that a tick is near
    std::vector<std::pair<milliseconds, milliseconds>> late;
    std::vector<std::unique_ptr<TimerWheel::Node>> nodes;
    const auto began = Clock::now();
    for (const int delay : {0, 1, 49, 50, 51, 99, 100, 240}) {
        nodes.push_back(std::make_unique<TimerWheel::Node>([&, delay]() {
            late.emplace_back(delay, std::chrono::duration_cast<milliseconds>(Clock::now() - began));
        }));
        wheel.arm(*nodes.back(), milliseconds(delay));
    }
    run_for(milliseconds(600));
    EXPECT_EQ(late.size(), 8u);
    for (const auto& [delay, took] : late) {
        EXPECT_GE(took, delay);
        EXPECT_LE(took, delay + milliseconds(250));  // two slots of 50 ms, and some for a busy machine
    }
}

TEST_F(Wheel, GoesRoundForLongDeadlines) {
    int ran = 0;
    TimerWheel::Node node([&]() { ++ran; });
    wheel.arm(node, std::chrono::seconds(26));  // more than one turn of 25.6 s
    wheel.start();
    run_for(milliseconds(300));
    EXPECT_EQ(ran, 0);
    EXPECT_TRUE(node.armed());
}

TEST_F(Wheel, ArmingAgainReplacesTheDeadline) {
    wheel.start();
    int ran = 0;
    TimerWheel::Node node([&]() { ++ran; });
    wheel.arm(node, milliseconds(50));
    wheel.arm(node, milliseconds(300));
    run_for(milliseconds(200));
    EXPECT_EQ(ran, 0);
    node.clear();
    EXPECT_FALSE(node.armed());
    run_for(milliseconds(300));
    EXPECT_EQ(ran, 0);
}

TEST_F(Wheel, CallbacksMayDestroyArmAndClearAnyNode) {
    wheel.start();
    auto self = std::make_unique<TimerWheel::Node>();
    auto other = std::make_unique<TimerWheel::Node>([]() { ADD_FAILURE() << "was destroyed before"; });
    int again = 0;
    TimerWheel::Node repeating([&]() { ++again; });
    self = std::make_unique<TimerWheel::Node>([&]() {
        wheel.arm(repeating, milliseconds(1));
        other.reset();
        self.reset();
    });
    wheel.arm(*self, milliseconds(10));
    wheel.arm(*other, milliseconds(10));
    run_for(milliseconds(400));
    EXPECT_EQ(again, 1);
    EXPECT_FALSE(self);
}

TEST(WheelLifetime, StoppedOrDestroyedWheelsLeaveTheLoop) {
    boost::asio::io_context loop{1};
    TimerWheel::Node survivor([]() { ADD_FAILURE(); });
    {
        TimerWheel wheel(loop.get_executor());
        wheel.start();
        wheel.arm(survivor, milliseconds(10));
        std::this_thread::sleep_for(milliseconds(120));  // its timer has expired, its handler has not run
    }
    loop.run();
    survivor.clear();
    TimerWheel stopped(loop.get_executor());
    stopped.start();
    stopped.stop();
    loop.restart();
    loop.run();
}

TEST(Pool, RunsWorkElsewhereAndComesBack) {
    boost::asio::io_context loop{1};
    BlockingPool pool(2);
    test::run(loop, [](BlockingPool& pool) -> Task<void> {
        const auto here = std::this_thread::get_id();
        const auto there = co_await pool.run([]() { return std::this_thread::get_id(); });
        EXPECT_NE(here, there);
        EXPECT_EQ(here, std::this_thread::get_id());
        int touched = 0;
        co_await pool.run([&]() { touched = 5; });
        EXPECT_EQ(touched, 5);
        bool failed = false;
        try {
            co_await pool.run([]() -> int { throw std::out_of_range("x"); });
        } catch (const std::out_of_range&) {
            failed = true;
        }
        EXPECT_TRUE(failed);
    }(pool));
}

TEST(Pool, IsBounded) {
    boost::asio::io_context loop{1};
    BlockingPool pool(1, 2);
    std::atomic<bool> hold{true}, begun{false};
    int done = 0, refused = 0;
    const auto one = [&]() -> Task<void> {
        try {
            co_await pool.run([&]() {
                begun = true;
                while (hold) std::this_thread::sleep_for(milliseconds(1));
            });
            ++done;
        } catch (const Busy&) {
            ++refused;
        }
    };
    spawn(loop.get_executor(), one());
    while (!begun) loop.run_for(milliseconds(10));
    loop.restart();
    for (int i = 0; i < 4; ++i) spawn(loop.get_executor(), one());
    loop.run_for(milliseconds(100));
    EXPECT_EQ(refused, 2);
    hold = false;
    loop.restart();
    loop.run();  // the work keeps the loop alive until it is back
    EXPECT_EQ(done, 3);
}

TEST(Pool, ServesManyLoops) {
    BlockingPool pool(3, 10'000);
    std::atomic<int> sum{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
        threads.emplace_back([&]() {
            boost::asio::io_context loop{1};
            const auto one = [&](int n) -> Task<void> {
                const std::string text =
                    co_await pool.run([n]() { return std::string(static_cast<std::size_t>(n), 'x'); });
                sum += static_cast<int>(text.size());
            };
            for (int n = 0; n < 300; ++n) spawn(loop.get_executor(), one(n));
            loop.run();
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(sum, 3 * 299 * 300 / 2);
}

TEST(Pool, FinishesWhatWaitsWhenItEnds) {
    boost::asio::io_context loop{1};
    std::atomic<int> ran{0};
    const auto one = [&](BlockingPool& pool) -> Task<void> {
        co_await pool.run([&]() { ++ran; });
    };
    {
        BlockingPool pool(1);
        for (int i = 0; i < 20; ++i) spawn(loop.get_executor(), one(pool));
        loop.poll();
    }
    loop.restart();
    loop.run();
    EXPECT_EQ(ran, 20);
}

/// Something that a waiting coroutine refers to, and that says goodbye on another loop.
struct Guest {
    Guest(std::vector<std::string>& log, Executor other) : log(log), other(other) {}
    ~Guest() {
        log.push_back("guest");
        boost::asio::post(other, [end = std::make_shared<int>(1)]() {});
    }
    std::vector<std::string>& log;
    Executor other;
};

TEST(Loop, LetsGoOfWhatWaitsWhileEverythingElseIsThere) {
    std::vector<std::string> log;
    Loop first;
    auto second = std::make_unique<Loop>();
    const auto wait = [](std::vector<std::string>& log, Executor other) -> Task<void> {
        const Guest guest(log, other);
        co_await sleep_for(std::chrono::hours(1));
    };
    spawn(first.get_executor(), wait(log, second->get_executor()));
    first.poll();
    first.discard();
    log.push_back("discarded");
    second->discard();
    second.reset();
    first.discard();
    EXPECT_EQ(log, (std::vector<std::string>{"guest", "discarded"}));
}

TEST(Pool, ComesBackToALoopThatRunsNoMoreButIsThere) {
    Loop loop;
    BlockingPool pool(1);
    std::atomic<bool> began{false}, hold{true};
    const auto one = [&]() -> Task<void> {
        co_await pool.run([&]() {
            began = true;
            while (hold) std::this_thread::sleep_for(milliseconds(1));
        });
        ADD_FAILURE() << "the loop runs no more";
    };
    spawn(loop.get_executor(), one());
    loop.poll();
    while (!began) std::this_thread::sleep_for(milliseconds(1));
    hold = false;
    pool.finish();
    pool.finish();
    loop.discard();
    std::string refused;
    const auto late = [&]() -> Task<void> {
        try {
            co_await pool.run([]() {});
        } catch (const std::runtime_error& failure) {
            refused = failure.what();
        }
    };
    boost::asio::io_context other;
    spawn(other.get_executor(), late());
    other.run();
    EXPECT_NE(refused, "");
}

TEST(Spawn, LogsWhatEscapes) {
    boost::asio::io_context loop{1};
    const auto fails = []() -> Task<void> {
        co_await sleep_for(milliseconds(1));
        throw std::runtime_error("on purpose");
    };
    const auto odd = []() -> Task<void> {
        co_await sleep_for(milliseconds(1));
        throw 5;
    };
    spawn(loop.get_executor(), fails());
    spawn(loop.get_executor(), odd());
    loop.run();
}

}  // namespace
}  // namespace bb::net
