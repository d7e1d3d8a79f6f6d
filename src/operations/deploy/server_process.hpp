#pragma once
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/task.hpp"

namespace bb::deploy {

/// How a server of a release is started.
struct ServerPlan {
    std::string release;  ///< its name, for people
    std::filesystem::path program;
    std::vector<int> listeners;            ///< for everybody; shared with the servers before and after it
    std::vector<std::string> environment;  ///< "NAME=value"
};

/// A server that runs already, and the supervisor's own socket, as the supervisor before has left them.
struct RunningServer {
    std::string release;
    pid_t pid = -1;
    std::string address;
    int control = -1;
    int requests = -1;
};

/// A process of `brainbytes serve` under the supervisor. It serves whoever asks its own address from the
/// start, and everybody once it is told to listen.
class ServerProcess {
public:
    /// Starts it. Throws std::system_error.
    explicit ServerProcess(const ServerPlan& plan);
    /// Takes over one that is a child of this process, and listens.
    explicit ServerProcess(RunningServer running);
    /// Lets go of it: it drains by itself.
    ~ServerProcess();
    ServerProcess(const ServerProcess&) = delete;

    /// Waits until it is ready. Errors: unavailable, with what it says, or how it ended.
    Task<Result<void>> wait_ready(std::chrono::seconds limit);
    /// Waits for its end; kills it after `limit`.
    Task<void> wait_ended(std::chrono::seconds limit);
    void listen();
    /// It takes no more connections, finishes what it has within `limit`, lets those that nobody uses run out
    /// for as long as `idle`, and ends.
    void drain(std::chrono::seconds limit, std::chrono::seconds idle);
    /// Ends it at once.
    void kill();

    /// For who takes it over.
    RunningServer running() const { return {release_, pid_, address_, control_}; }
    const std::string& release() const { return release_; }
    pid_t pid() const { return pid_; }
    /// "127.0.0.1:PORT", for this process alone.
    const std::string& address() const { return address_; }
    /// 128 and the number of a signal, or its exit code; nothing: it runs.
    std::optional<int> ended();
    std::chrono::steady_clock::time_point started() const { return started_; }

private:
    void hear();
    void tell(const std::string& line) const;

    const std::string release_;
    std::string address_;
    pid_t pid_ = -1;
    int control_ = -1;
    std::optional<int> code_;
    std::string heard_;  // lines, and a beginning
    std::optional<std::string> fault_;
    bool ready_ = false;
    const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

/// How a process ended, in words: "exit code 1", "signal 9".
std::string words_of_end(int code);

}  // namespace bb::deploy
