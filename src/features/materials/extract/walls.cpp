#include "features/materials/extract/walls.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>

namespace bb::materials::extract {
namespace {

// Of kernels that are newer than the headers (landlock(7)).
constexpr std::uint64_t right_to_truncate = 1ull << 14, right_of_devices = 1ull << 15;
constexpr std::uint64_t rights_of_network = 3;

struct RulesetAttributes {
    std::uint64_t files = 0;
    std::uint64_t network = 0;
};

constexpr int for_reader[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(close),
    SCMP_SYS(lseek),
    SCMP_SYS(pread64),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(tgkill),
    SCMP_SYS(sched_yield),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(getrlimit),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(membarrier),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_getaffinity),
};
constexpr int for_program[] = {
    SCMP_SYS(execve),
    SCMP_SYS(openat),
    SCMP_SYS(open),
    SCMP_SYS(access),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(statfs),
    SCMP_SYS(readlink),
    SCMP_SYS(getcwd),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64),
    SCMP_SYS(fcntl),
    SCMP_SYS(dup),
    SCMP_SYS(fstatfs),
    SCMP_SYS(arch_prctl),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(prlimit64),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(ioctl),
    SCMP_SYS(fadvise64),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(statx),
};

void must(bool done, const char* what) {
    if (!done) throw std::system_error(errno, std::generic_category(), what);
}

void limit(int what, rlim_t most) {
    const rlimit both{most, most};
    must(setrlimit(static_cast<__rlimit_resource>(what), &both) == 0, "setrlimit");
}

void limit_resources(const Walls& walls) {
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NOFILE, 32);
    limit(RLIMIT_CPU, static_cast<rlim_t>(walls.cpu.count()));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they take terabytes of addresses
    limit(RLIMIT_AS, walls.memory);
#endif
}

void allow_below(int ruleset, const char* path, std::uint64_t rights) {
    const int at = open(path, O_PATH | O_CLOEXEC);
    if (at < 0) return;  // such as /lib64 where there is none
    landlock_path_beneath_attr rule{};
    rule.allowed_access = rights;
    rule.parent_fd = at;
    const auto result = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(at);
    must(result == 0, "landlock_add_rule");
}

/// False where the kernel has no Landlock.
bool take_files_away(bool becomes_program) {
    const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1) return false;
    RulesetAttributes all;
    all.files = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
    if (version >= 2) all.files |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3) all.files |= right_to_truncate;
    if (version >= 5) all.files |= right_of_devices;
    if (version >= 4) all.network = rights_of_network;
    const std::size_t size = version >= 4 ? sizeof all : sizeof all.files;
    const int ruleset = static_cast<int>(syscall(SYS_landlock_create_ruleset, &all, size, 0));
    must(ruleset >= 0, "landlock_create_ruleset");
    if (becomes_program) {
        constexpr std::uint64_t look = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
        for (const char* folder : {"/usr", "/lib", "/lib64"})
            allow_below(ruleset, folder, look | LANDLOCK_ACCESS_FS_EXECUTE);
        allow_below(ruleset, "/etc/ld.so.cache", LANDLOCK_ACCESS_FS_READ_FILE);
    }
    must(syscall(SYS_landlock_restrict_self, ruleset, 0) == 0, "landlock_restrict_self");
    close(ruleset);
    return true;
}

/// What is not on the list is refused with EPERM.
void take_calls_away(bool becomes_program) {
    struct Release {
        void operator()(void* filter) const { seccomp_release(filter); }
    };
    const std::unique_ptr<void, Release> filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
    int fault = filter ? 0 : -ENOMEM;
    const auto allow = [&](int call) {
        if (fault == 0) fault = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0);
    };
    for (const int call : for_reader) allow(call);
    if (becomes_program)
        for (const int call : for_program) allow(call);
    if (fault == 0) fault = seccomp_load(filter.get());
    if (fault != 0) throw std::system_error(-fault, std::generic_category(), "seccomp");
}

}  // namespace

void shut_in(const Walls& walls) {
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "prctl");
    // A second wall around the network; some machines give no namespaces to unprivileged accounts.
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC) != 0) errno = 0;
    const bool files_away = take_files_away(walls.becomes_program);
    if (walls.becomes_program && !files_away)
        throw std::runtime_error("this kernel has no Landlock (Linux 5.13 or later)");
    limit_resources(walls);
    take_calls_away(walls.becomes_program);
}

}  // namespace bb::materials::extract
