#include "base/db/cluster_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/core/number.hpp"

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

/// Argument and environment arrays that live across fork(). PostgreSQL gets no secret of ours.
struct Launch {
    explicit Launch(const std::vector<std::string>& command) : command(command) {
        const char* path = std::getenv("PATH");
        const char* home = std::getenv("HOME");
        environment = {fmt::format("PATH={}", path ? path : "/usr/bin:/bin"),
                       fmt::format("HOME={}", home ? home : "/"), "LC_ALL=C", "TZ=UTC"};
        for (auto& word : this->command) arguments.push_back(word.data());
        for (auto& word : environment) variables.push_back(word.data());
        arguments.push_back(nullptr);
        variables.push_back(nullptr);
    }
    std::vector<std::string> command, environment;
    std::vector<char*> arguments, variables;
};

/// In the child: nothing here may allocate. Streams are the descriptors for 0, 1 and 2.
[[noreturn]] void become(const Launch& launch, const char* folder, int in, int out, bool outlives_us) {
    setsid();
    if (!outlives_us) prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGCHLD}) signal(number, SIG_DFL);
    if (chdir(folder) == 0 && dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(out, 2) >= 0) {
        close_range(3, ~0U, 0);
        umask(077);
        execve(launch.arguments[0], launch.arguments.data(), launch.variables.data());
    }
    _exit(127);
}

struct Pipe {
    int read = -1, write = -1;
    Pipe() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
        read = ends[0];
        write = ends[1];
    }
    ~Pipe() {
        close_read();
        close_write();
    }
    Pipe(const Pipe&) = delete;
    void close_read() {
        if (read >= 0) close(std::exchange(read, -1));
    }
    void close_write() {
        if (write >= 0) close(std::exchange(write, -1));
    }
};

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
    const Launch launch(command);
    Pipe in, out;
    const pid_t pid = fork();
    if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid == 0) become(launch, folder.c_str(), in.read, out.write, false);
    out.close_write();
    in.close_read();
    // The input is a few lines and fits into the pipe.
    if (!input.empty() && write(in.write, input.data(), input.size()) < 0) in.close_write();
    in.close_write();
    Finished finished{0, {}};
    char chunk[4096];
    for (ssize_t got; (got = read(out.read, chunk, sizeof chunk)) != 0;) {
        if (got > 0) finished.output.append(chunk, static_cast<std::size_t>(got));
        if (got < 0 && errno != EINTR) break;
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    finished.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return finished;
}

pid_t start_program(const std::vector<std::string>& command, const fs::path& folder, const fs::path& log) {
    const Launch launch(command);
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const pid_t pid = out >= 0 && in >= 0 ? fork() : -1;
    const int reason = errno;
    if (pid == 0) become(launch, folder.c_str(), in, out, true);
    if (out >= 0) close(out);
    if (in >= 0) close(in);
    if (pid < 0) throw std::system_error(reason, std::generic_category(), log.string());
    return pid;
}

}  // namespace bb::db
