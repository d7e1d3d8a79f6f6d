#include "base/core/log.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <sstream>
#include <thread>

namespace bb::log {
namespace {

/// What `work` writes to stderr, line by line.
template <class Work>
std::vector<std::string> lines_of(Level level, Format format, Work work) {
    ::testing::internal::CaptureStderr();
    start(level, format);
    work();
    stop();
    std::istringstream text(::testing::internal::GetCapturedStderr());
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
}

TEST(Log, WritesJsonLines) {
    const auto lines = lines_of(Level::info, Format::json, []() {
        debug("too quiet");
        info("request", {{"id", "x\"y"}, {"status", 200}, {"ms", 1.25}, {"ok", true}, {"n", std::size_t(7)}});
        warn("odd {} braces", {{"reason", "latin1 \xe9\n second line"}});
    });
    ASSERT_EQ(lines.size(), 2u);
    const auto first = boost::json::parse(lines[0]);
    EXPECT_EQ(first.at("level"), "info");
    EXPECT_EQ(first.at("event"), "request");
    EXPECT_EQ(first.at("id"), "x\"y");
    EXPECT_EQ(first.at("status"), 200);
    EXPECT_EQ(first.at("ms"), 1.25);
    EXPECT_EQ(first.at("ok"), true);
    EXPECT_EQ(first.at("n"), 7);
    EXPECT_EQ(boost::json::parse(lines[1]).at("reason"), "latin1 \ufffd\n second line");
}

TEST(Log, WritesOneReadableLineAnEvent) {
    const auto lines = lines_of(Level::debug, Format::text, []() {
        debug("begin", {{"n", 1}});
        error("failed", {{"reason", "two\nlines\x1b[31m"}});
    });
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_NE(lines[0].find("begin  n=1"), std::string::npos);
    EXPECT_NE(lines[1].find("failed  reason=two lines [31m"), std::string::npos);
}

TEST(Log, KnowsWhatWouldBeWritten) {
    EXPECT_FALSE(enabled(Level::error));
    info("nobody listens");
    lines_of(Level::warn, Format::json, []() {
        EXPECT_FALSE(enabled(Level::info));
        EXPECT_TRUE(enabled(Level::warn));
    });
}

TEST(Log, TakesLinesFromManyThreads) {
    const auto lines = lines_of(Level::info, Format::json, []() {
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([]() {
                for (int i = 0; i < 200; ++i) info("line", {{"i", i}});
            });
        for (auto& thread : threads) thread.join();
    });
    EXPECT_EQ(lines.size(), 800u);
    for (const auto& line : lines) EXPECT_EQ(boost::json::parse(line).at("event"), "line");
}

}  // namespace
}  // namespace bb::log
