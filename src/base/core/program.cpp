#include "base/core/program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <utility>

namespace bb {
namespace {

constexpr std::string_view process_mark = "LISTEN_PID=";
constexpr std::string_view room_for_process = "          ";

std::string variable(const char* name, const char* otherwise) {
    const char* value = std::getenv(name);
    return std::string(name) + "=" + (value ? value : otherwise);
}

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> list;
    list.reserve(words.size() + 1);
    for (auto& word : words) list.push_back(word.data());
    list.push_back(nullptr);
    return list;
}

/// What the child needs, laid out before fork(): nothing may be allocated after it.
struct Prepared {
    explicit Prepared(const Launch& launch) : command(launch.command), environment(launch.environment) {
        if (!launch.bare) add_usual();
        if (!launch.sockets.empty()) name_sockets(launch);
        arguments = pointers(command);
        variables = pointers(environment);
    }
    void add_usual() {
        environment.push_back(variable("PATH", "/usr/bin:/bin"));
        environment.push_back(variable("HOME", "/"));
        environment.emplace_back("LC_ALL=C");
        environment.emplace_back("TZ=UTC");
    }
    void name_sockets(const Launch& launch) {
        std::string names = "LISTEN_FDNAMES=";
        for (const auto& [name, descriptor] : launch.sockets) {
            if (names.back() != '=') names += ':';
            names += name;
            sockets.push_back(descriptor);
        }
        environment.insert(environment.begin(),
                           {std::string(process_mark).append(room_for_process),
                            "LISTEN_FDS=" + std::to_string(sockets.size()), std::move(names)});
        process = environment.front().data() + process_mark.size();
    }
    /// In the child, which alone knows its number.
    void write_process() {
        char digits[12];
        int count = 0;
        for (pid_t left = getpid(); left > 0; left /= 10)
            digits[count++] = static_cast<char>('0' + left % 10);
        char* at = process;
        while (count > 0) *at++ = digits[--count];
        *at = '\0';
    }
    /// Puts the sockets on the numbers from 3 on: first all out of the way.
    bool place_sockets() {
        const int count = static_cast<int>(sockets.size());
        for (int& descriptor : sockets)
            if ((descriptor = fcntl(descriptor, F_DUPFD, 3 + count)) < 0) return false;
        for (int i = 0; i < count; ++i)
            if (dup2(sockets[i], 3 + i) < 0) return false;
        return true;
    }

    std::vector<std::string> command, environment;
    std::vector<char*> arguments, variables;
    std::vector<int> sockets;
    char* process = nullptr;  // where the number goes that says whom the sockets are for
};

void step_back() {
    if (const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC); file >= 0) {
        if (write(file, "900", 3) != 3) errno = 0;
        close(file);
    }
    if (setpriority(PRIO_PROCESS, 0, 10) != 0) errno = 0;
}

[[noreturn]] void become(Prepared& prepared, const Launch& launch, int nothing) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGCHLD}) signal(number, SIG_DFL);
    if (launch.steps_back) step_back();
    const auto stream = [nothing](int descriptor, int number) {
        return dup2(descriptor < 0 ? nothing : descriptor, number) >= 0;
    };
    if (chdir(launch.folder.c_str()) == 0 && stream(launch.in, 0) && stream(launch.out, 1) &&
        stream(launch.error, 2) && prepared.place_sockets()) {
        close_range(3 + prepared.sockets.size(), ~0U, 0);
        if (prepared.process) prepared.write_process();
        umask(077);
        execve(prepared.arguments[0], prepared.arguments.data(), prepared.variables.data());
    }
    _exit(127);
}

int code_of(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void close_once(int& descriptor) {
    if (descriptor >= 0) close(std::exchange(descriptor, -1));
}

}  // namespace

Pipe::Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    reader_ = ends[0];
    writer_ = ends[1];
}

Pipe::~Pipe() {
    close_reader();
    close_writer();
}

void Pipe::close_reader() {
    close_once(reader_);
}

void Pipe::close_writer() {
    close_once(writer_);
}

pid_t launch(const Launch& launch) {
    Prepared prepared(launch);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    const pid_t pid = nothing >= 0 ? fork() : -1;
    if (pid == 0) {
        setsid();
        if (!launch.outlives_us) prctl(PR_SET_PDEATHSIG, SIGKILL);
        become(prepared, launch, nothing);
    }
    const int reason = errno;
    close_once(nothing);
    if (pid < 0) throw std::system_error(reason, std::generic_category(), launch.command.front());
    return pid;
}

void replace_this_program(const Launch& launch) {
    Prepared prepared(launch);
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0 || access(launch.command.front().c_str(), X_OK) != 0)
        throw std::system_error(errno, std::generic_category(), launch.command.front());
    become(prepared, launch, nothing);
}

std::optional<int> poll_end(pid_t child) {
    int status = 0;
    if (waitpid(child, &status, WNOHANG) != child) return std::nullopt;
    return code_of(status);
}

int wait_for(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return code_of(status);
}

}  // namespace bb
