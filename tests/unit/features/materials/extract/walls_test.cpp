#include "features/materials/extract/walls.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>

namespace bb::materials::extract {
namespace {

/// The exit code of a process that shuts itself in and then does `act`, which gives what it was allowed.
int inside(const Walls& walls, const std::function<int()>& act) {
    const pid_t child = fork();
    if (child == 0) {
        try {
            shut_in(walls);
        } catch (...) {
            _exit(99);
        }
        _exit(act());
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int can_open(const char* path, int flags = O_RDONLY) {
    return open(path, flags, 0600) >= 0 ? 1 : 0;
}

TEST(Walls, LeaveAReaderNoFilesNetworkOrProcesses) {
    EXPECT_EQ(inside({}, [] { return can_open("/etc/passwd"); }), 0);
    EXPECT_EQ(inside({}, [] { return can_open("/usr/bin/env"); }), 0);
    EXPECT_EQ(inside({}, [] { return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 1 : 0; }), 0);
    EXPECT_EQ(inside({}, [] { return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 1 : 0; }), 0);
    EXPECT_EQ(inside({}, [] { return fork() >= 0 ? 1 : 0; }), 0);
    EXPECT_EQ(inside({}, [] { return kill(getppid(), 0) == 0 ? 1 : 0; }), 0);
    EXPECT_EQ(inside({}, [] { return syscall(SYS_tgkill, getppid(), getppid(), 0) == 0 ? 1 : 0; }), 0);
    EXPECT_EQ(inside({},
                     [] {
                         char* const words[] = {const_cast<char*>("/bin/true"), nullptr};
                         execv("/bin/true", words);
                         return 7;
                     }),
              7);
}

TEST(Walls, LeaveAProgramWhatLiesBelowUsr) {
    Walls walls;
    walls.program = "/usr/bin/true";
    EXPECT_EQ(inside(walls, [] { return can_open("/usr/bin/env"); }), 1);
    EXPECT_EQ(inside(walls, [] { return syscall(SYS_tgkill, getppid(), getppid(), 0) == 0 ? 1 : 0; }), 0);
    EXPECT_EQ(inside(walls, [] { return fcntl(0, F_SETOWN, getppid()) == 0 ? 1 : 0; }), 0);
    EXPECT_EQ(inside(walls,
                     [] {
                         const rlimit fewer{64, 64};
                         return prlimit(getppid(), RLIMIT_NOFILE, &fewer, nullptr) == 0 ? 1 : 0;
                     }),
              0);
    EXPECT_EQ(inside(walls,
                     [] {
                         char* const words[] = {const_cast<char*>("/usr/bin/env"), nullptr};
                         execv("/usr/bin/env", words);
                         return 7;
                     }),
              7);
    EXPECT_EQ(inside(walls, [] { return can_open("/etc/passwd"); }), 0);
    EXPECT_EQ(inside(walls, [] { return can_open("/proc/self/environ"); }), 0);
    EXPECT_EQ(inside(walls, [] { return can_open("/tmp/x", O_WRONLY | O_CREAT); }), 0);
    EXPECT_EQ(inside(walls, [] { return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 1 : 0; }), 0);
    EXPECT_EQ(inside(walls,
                     [] {
                         char* const words[] = {const_cast<char*>("/usr/bin/true"), nullptr};
                         execv("/usr/bin/true", words);
                         return 7;
                     }),
              0);
}

TEST(Walls, BoundMemoryAndTime) {
    Walls walls;
    walls.memory = 512u << 20;
    walls.cpu = std::chrono::seconds(1);
    const auto map = [](std::size_t bytes) {
        return mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
    };
    if (bounds_memory) {
        EXPECT_EQ(inside(walls, [&] { return map(1u << 20) && !map(1u << 30) ? 0 : 1; }), 0);
    }
    const int end = inside(walls, [] {
        for (std::atomic<unsigned> spin = 0;;) ++spin;
        return 0;
    });
    EXPECT_EQ(end, 128 + SIGXCPU);
}

}  // namespace
}  // namespace bb::materials::extract
