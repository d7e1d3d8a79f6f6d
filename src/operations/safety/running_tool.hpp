#pragma once
#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/core/program.hpp"
#include "base/http/file_body.hpp"

namespace bb::safety {

/// A program that runs beside us and whose output we read, or whose input we write, or both.
class RunningTool : public http::FileSource {
public:
    enum class Ours { output, input, both };

    /// `watch` is called about twice a second while we wait for the program, or it keeps us busy; what it
    /// throws comes out of the call that waits. A program that neither gives nor takes anything for
    /// `longest_silence` has failed. Throws std::system_error.
    RunningTool(std::vector<std::string> command, std::vector<std::string> environment, Ours ours,
                std::function<void()> watch, const std::filesystem::path& folder = "/");
    /// Ends it and what it has started when it still runs: asks, and after five seconds kills.
    ~RunningTool() override;
    RunningTool(const RunningTool&) = delete;

    /// What it writes; 0 at its end.
    std::size_t read(char* into, std::size_t room) override;
    /// With both: what it writes, while it is given `input` as it takes it; 0 at its end.
    std::size_t read(char* into, std::size_t room, http::FileSource& input);
    /// Gives it all of `bytes`. Throws std::runtime_error with its last words when it takes no more.
    void write(std::string_view bytes);
    /// Waits for its end. Throws std::runtime_error with its last words unless it succeeded.
    void finish();

    static constexpr std::chrono::minutes longest_silence{30};

private:
    void wait_until_ready(int descriptor, short events);
    void give_some(http::FileSource& input);
    void watch_in_time();
    void end();
    void stop_listening();

    std::string name_;
    std::function<void()> watch_;
    Pipe data_;   // its output, or with Ours::input its input
    Pipe input_;  // with Ours::both
    Pipe words_;
    pid_t pid_ = -1;
    std::string given_;  // of the input, and how much of it the program has taken
    std::size_t taken_ = 0;
    std::string said_;
    std::chrono::steady_clock::time_point watched_ = std::chrono::steady_clock::now();
    std::atomic<bool> ended_ = false;  // what it has started may still hold words_ open
    std::thread listener_;             // reads words_ into said_
};

/// All that a program writes (64 MB at most). Throws std::runtime_error with its last words when it fails,
/// unless it `may_fail` after it has written something.
std::string output_of(std::vector<std::string> command, std::vector<std::string> environment,
                      const std::function<void()>& watch, const std::filesystem::path& folder = "/",
                      bool may_fail = false);

}  // namespace bb::safety
