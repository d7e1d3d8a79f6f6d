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
#include <stdexcept>
#include <system_error>

namespace bb::materials::extract {
namespace {

// Of kernels that are newer than the headers (landlock(7)).
constexpr std::uint64_t right_to_truncate = 1ull << 14, right_of_devices = 1ull << 15;
constexpr std::uint64_t rights_of_network = 3;
constexpr std::uint64_t signals_and_abstract_sockets = 3;

struct RulesetAttributes {
    std::uint64_t files = 0;
    std::uint64_t network = 0;
    std::uint64_t scoped = 0;
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
    SCMP_SYS(execve),     SCMP_SYS(openat),     SCMP_SYS(open),
    SCMP_SYS(access),     SCMP_SYS(stat),       SCMP_SYS(lstat),
    SCMP_SYS(statfs),     SCMP_SYS(readlink),   SCMP_SYS(getcwd),
    SCMP_SYS(readlinkat), SCMP_SYS(getdents64), SCMP_SYS(dup),
    SCMP_SYS(fstatfs),    SCMP_SYS(arch_prctl), SCMP_SYS(set_tid_address),
    SCMP_SYS(getuid),     SCMP_SYS(geteuid),    SCMP_SYS(set_robust_list),
    SCMP_SYS(getgid),     SCMP_SYS(getegid),    SCMP_SYS(ioctl),
    SCMP_SYS(fadvise64),  SCMP_SYS(faccessat),  SCMP_SYS(faccessat2),
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
    // Its end by the softer one can be told from a death by somebody's hand.
    const auto cpu = static_cast<rlim_t>(walls.cpu.count());
    const rlimit both{cpu, cpu + 5};
    must(setrlimit(RLIMIT_CPU, &both) == 0, "setrlimit");
    if (bounds_memory) limit(RLIMIT_AS, walls.memory);
}

void allow_below(int ruleset, const char* path, std::uint64_t rights) {
    const int at = ::open(path, O_PATH | O_CLOEXEC);
    if (at < 0) return;  // such as /lib64 where there is none
    landlock_path_beneath_attr rule{};
    rule.allowed_access = rights;
    rule.parent_fd = at;
    const auto result = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    ::close(at);
    must(result == 0, "landlock_add_rule");
}

/// False where the kernel has no Landlock.
bool take_files_away(const char* program) {
    const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1) return false;
    RulesetAttributes all;
    all.files = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
    if (version >= 2) all.files |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3) all.files |= right_to_truncate;
    if (version >= 5) all.files |= right_of_devices;
    if (version >= 4) all.network = rights_of_network;
    if (version >= 6) all.scoped = signals_and_abstract_sockets;
    const std::size_t size = sizeof all.files * (version >= 6 ? 3 : version >= 4 ? 2 : 1);
    const int ruleset = static_cast<int>(syscall(SYS_landlock_create_ruleset, &all, size, 0));
    must(ruleset >= 0, "landlock_create_ruleset");
    if (program) {
        constexpr std::uint64_t look = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
        allow_below(ruleset, "/usr", look);
        for (const char* folder : {"/usr/lib", "/lib", "/lib64"})  // where the loader is
            allow_below(ruleset, folder, look | LANDLOCK_ACCESS_FS_EXECUTE);
        allow_below(ruleset, "/etc/ld.so.cache", LANDLOCK_ACCESS_FS_READ_FILE);
        allow_below(ruleset, program, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE);
    }
    must(syscall(SYS_landlock_restrict_self, ruleset, 0) == 0, "landlock_restrict_self");
    ::close(ruleset);
    return true;
}

/// The calls that are left. What is not on the list is refused with EPERM.
class Calls {
public:
    Calls() : filter_(seccomp_init(SCMP_ACT_ERRNO(EPERM))), fault_(filter_ ? 0 : -ENOMEM) {}
    ~Calls() { seccomp_release(filter_); }
    Calls(const Calls&) = delete;

    void allow(int call) { note(seccomp_rule_add(filter_, SCMP_ACT_ALLOW, call, 0)); }
    /// Only with this value as argument number `argument`.
    void allow(int call, unsigned argument, scmp_datum_t value) {
        note(seccomp_rule_add(filter_, SCMP_ACT_ALLOW, call, 1, SCMP_CMP(argument, SCMP_CMP_EQ, value)));
    }
    /// To look at limits of its own, not to set any.
    void allow_to_read_limits() {
        note(seccomp_rule_add(filter_, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, SCMP_A0(SCMP_CMP_EQ, 0),
                              SCMP_A2(SCMP_CMP_EQ, 0)));
    }
    void load() {
        if (fault_ == 0) note(seccomp_load(filter_));
        if (fault_ != 0) throw std::system_error(-fault_, std::generic_category(), "seccomp");
    }

private:
    void note(int result) {
        if (fault_ == 0) fault_ = result;
    }
    scmp_filter_ctx filter_;
    int fault_;
};

void take_calls_away(bool becomes_program) {
    Calls calls;
    for (const int call : for_reader) calls.allow(call);
    calls.allow(SCMP_SYS(tgkill), 0, static_cast<scmp_datum_t>(getpid()));  // abort(3)
    if (becomes_program) {
        for (const int call : for_program) calls.allow(call);
        // Not those that have the kernel send signals to others.
        for (const int order : {F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD, F_DUPFD_CLOEXEC})
            calls.allow(SCMP_SYS(fcntl), 1, static_cast<scmp_datum_t>(order));
        calls.allow_to_read_limits();
    }
    calls.load();
}

}  // namespace

void shut_in(const Walls& walls) {
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "prctl");
    // A second wall around the network; some machines give no namespaces to unprivileged accounts.
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC) != 0) errno = 0;
    const bool files_away = take_files_away(walls.program);
    if (walls.program && !files_away)
        throw std::runtime_error("this kernel has no Landlock (Linux 5.13 or later)");
    limit_resources(walls);
    take_calls_away(walls.program != nullptr);
}

}  // namespace bb::materials::extract
