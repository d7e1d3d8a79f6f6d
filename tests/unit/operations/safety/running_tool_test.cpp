// Programs beside us: watched whatever they do, ended with all that they started, and never waited for in
// vain.
#include <gtest/gtest.h>

#include <signal.h>

#include <chrono>
#include <fstream>
#include <stdexcept>

#include "operations/safety/running_tool.hpp"

namespace bb::safety {
namespace {

using std::chrono::steady_clock;

std::vector<std::string> shell(const std::string& line) {
    return {"/bin/sh", "-c", line};
}

/// Whether a process runs; one that has ended and waits for its parent does not.
bool runs(const std::string& pid) {
    std::ifstream file("/proc/" + pid + "/stat");
    std::string number, name, state;
    return static_cast<bool>(file >> number >> name >> state) && state != "Z";
}

TEST(RunningTool, IsWatchedWhileItWritesWithoutAPause) {
    RunningTool tool(shell("exec yes"), {}, RunningTool::Ours::output, [watched = 0]() mutable {
        if (++watched == 2) throw std::runtime_error("enough");
    });
    std::string chunk(4096, ' ');
    const auto deadline = steady_clock::now() + std::chrono::seconds(30);
    try {
        while (steady_clock::now() < deadline) tool.read(chunk.data(), chunk.size());
        FAIL() << "nobody watched";
    } catch (const std::runtime_error& fault) {
        EXPECT_STREQ(fault.what(), "enough");
    }
}

TEST(RunningTool, IsWatchedWhileItTakesWithoutAPause) {
    RunningTool tool(shell("exec cat >/dev/null"), {}, RunningTool::Ours::input, [watched = 0]() mutable {
        if (++watched == 2) throw std::runtime_error("enough");
    });
    const std::string chunk(4096, ' ');
    const auto deadline = steady_clock::now() + std::chrono::seconds(30);
    EXPECT_THROW(while (steady_clock::now() < deadline) tool.write(chunk), std::runtime_error);
}

TEST(RunningTool, IsOverWhenWhatItLeftBehindStillHoldsItsErrors) {
    const auto started = steady_clock::now();
    const auto text = output_of(shell("sleep 20 >/dev/null & echo $!"), {}, [] {});
    EXPECT_LT(steady_clock::now() - started, std::chrono::seconds(10));
    kill(static_cast<pid_t>(std::stol(text)), SIGKILL);
}

TEST(RunningTool, TakesWhatItStartedAlongWhenItIsGivenUp) {
    std::string pid(64, ' ');
    {
        RunningTool tool(shell("sleep 60 & echo $!; wait"), {}, RunningTool::Ours::output, [] {});
        pid.resize(tool.read(pid.data(), pid.size()));
        pid.pop_back();
        ASSERT_TRUE(runs(pid));
    }
    for (const auto deadline = steady_clock::now() + std::chrono::seconds(10); runs(pid);)
        ASSERT_LT(steady_clock::now(), deadline);
}

TEST(RunningTool, TellsTheLastWordsOfWhatFails) {
    try {
        output_of(shell("echo out; echo 'no such table' >&2; exit 3"), {}, [] {});
        FAIL() << "it succeeded";
    } catch (const std::runtime_error& fault) {
        EXPECT_STREQ(fault.what(), "sh failed (exit code 3): no such table");
    }
    EXPECT_EQ(output_of(
                  shell("echo out; exit 3"), {}, [] {}, "/", true),
              "out\n");
}

}  // namespace
}  // namespace bb::safety
