#pragma once
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bb::db {

/// What PostgreSQL writes into postmaster.pid.
struct Postmaster {
    pid_t pid;
    std::filesystem::path sockets;  ///< folder of its unix socket
    bool ready;                     ///< takes connections
    bool stopping;
};

/// The postmaster that runs on the cluster in `folder`, or nullopt. A file left behind by a dead one, or
/// whose number now belongs to something else, does not count.
std::optional<Postmaster> running_postmaster(const std::filesystem::path& folder);
/// Processes of this account that work inside `folder`: the postmaster and its children.
std::vector<pid_t> processes_in(const std::filesystem::path& folder);
/// Whether the process exists, and is not a zombie of ours (which is reaped here).
bool is_alive(pid_t pid);

/// One program run to its end (or killed with us): exit code (128 + signal) and what it wrote.
struct Finished {
    int code;
    std::string output;
};
Finished run_program(const std::vector<std::string>& command, const std::filesystem::path& folder,
                     const std::string& input = {});
/// Starts a program in a session of its own (the terminal's Ctrl-C must not reach it) with both outputs
/// appended to `log`. It `outlives_us`, or is killed when this thread ends. Throws std::system_error.
pid_t start_program(const std::vector<std::string>& command, const std::filesystem::path& folder,
                    const std::filesystem::path& log, bool outlives_us);

}  // namespace bb::db
