#include "base/db/cluster_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "base/core/number.hpp"
#include "base/core/program.hpp"

namespace bb::db {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> lines_of(const fs::path& file) {
    std::ifstream in(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

bool works_in(pid_t pid, const fs::path& folder) {
    std::error_code failed;
    const auto place = fs::read_symlink(fmt::format("/proc/{}/cwd", pid), failed);
    return !failed && place == folder;
}

}  // namespace

std::optional<Postmaster> running_postmaster(const fs::path& folder) {
    const auto lines = lines_of(folder / "postmaster.pid");
    if (lines.empty()) return std::nullopt;
    const pid_t pid = parse_number<pid_t>(lines[0]).value_or(0);
    std::error_code failed;
    const auto real = fs::canonical(folder, failed);
    if (pid <= 0 || !is_alive(pid) || failed || !works_in(pid, real)) return std::nullopt;
    const auto state = lines.size() > 7 ? lines[7] : std::string();
    return Postmaster{pid, lines.size() > 4 ? lines[4] : std::string(), state.rfind("ready", 0) == 0,
                      state.rfind("stopping", 0) == 0};
}

std::vector<pid_t> processes_in(const fs::path& folder) {
    std::vector<pid_t> found;
    std::error_code failed;
    const auto real = fs::canonical(folder, failed);
    if (failed) return found;
    for (const auto& entry : fs::directory_iterator("/proc", failed)) {
        const auto name = entry.path().filename().string();
        if (const auto pid = parse_number<pid_t>(name); pid && works_in(*pid, real)) found.push_back(*pid);
    }
    return found;
}

bool is_alive(pid_t pid) {
    if (waitpid(pid, nullptr, WNOHANG) == pid) return false;
    if (kill(pid, 0) != 0 && errno == ESRCH) return false;
    // A zombie that somebody else has to reap is dead for our purposes.
    std::ifstream in(fmt::format("/proc/{}/stat", pid));
    std::string text;
    std::getline(in, text);
    const auto name_end = text.rfind(')');
    return name_end == std::string::npos || name_end + 2 >= text.size() || text[name_end + 2] != 'Z';
}

Finished run_program(const std::vector<std::string>& command, const fs::path& folder,
                     const std::string& input) {
    Pipe in, out;
    const pid_t pid = launch(Launch{
        .command = command, .folder = folder, .in = in.reader(), .out = out.writer(), .error = out.writer()});
    out.close_writer();
    in.close_reader();
    // The input is a few lines and fits into the pipe.
    if (!input.empty() && write(in.writer(), input.data(), input.size()) < 0) in.close_writer();
    in.close_writer();
    Finished finished{0, {}};
    char chunk[4096];
    for (ssize_t got; (got = read(out.reader(), chunk, sizeof chunk)) != 0;) {
        if (got > 0) finished.output.append(chunk, static_cast<std::size_t>(got));
        if (got < 0 && errno != EINTR) break;
    }
    finished.code = wait_for(pid);
    return finished;
}

pid_t start_program(const std::vector<std::string>& command, const fs::path& folder, const fs::path& log,
                    bool outlives_us) {
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (out < 0) throw std::system_error(errno, std::generic_category(), log.string());
    Launch how{.command = command, .folder = folder, .out = out, .error = out};
    how.outlives_us = outlives_us;
    try {
        const pid_t pid = launch(how);
        close(out);
        return pid;
    } catch (...) {
        close(out);
        throw;
    }
}

}  // namespace bb::db
