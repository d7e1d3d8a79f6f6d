#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/core/task.hpp"
#include "operations/deploy/ledger.hpp"
#include "operations/deploy/server_process.hpp"
#include "operations/release/kept.hpp"

namespace bb::deploy {

/// Where the supervisor of a data folder listens for `deploy` and `rollback`: a socket of this account alone.
std::filesystem::path control_socket(const std::filesystem::path& data);

/// Keeps one server of the current release running, and changes to another release without losing a
/// connection: the listening sockets are the supervisor's own, and the servers share them.
///
/// Who changes the release holds a connection to the control socket meanwhile. When that ends before the new
/// release was kept, the old one is put back: nobody has to clean up after a command that was killed.
class Supervisor {
public:
    struct Options {
        std::filesystem::path data;
        std::vector<int> listeners;
        std::vector<std::string> environment;    ///< of the servers
        std::chrono::seconds drain{30};          ///< when all stops
        std::chrono::seconds drain_of_old{600};  ///< when a new release has taken over
        std::chrono::seconds longest_start{120};
        std::optional<RunningServer> running{};  ///< left by the supervisor that this process was before
        std::string own_release{};               ///< that this program belongs to; empty: none
        /// Becomes the supervisor of the release that serves, with its server. Throws when it cannot.
        std::function<void(const std::filesystem::path& program, const RunningServer& running)> become{};
    };

    Supervisor(Executor executor, Options options);
    ~Supervisor();
    Supervisor(const Supervisor&) = delete;

    /// Runs until stop() was called and all servers have ended. Throws when nobody could ever talk to it.
    Task<void> run();
    void stop();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace bb::deploy
