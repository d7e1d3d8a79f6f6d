#include "operations/watch/doctor/machine.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/landlock.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/core/number.hpp"

namespace bb::watch {
namespace {

constexpr double little = 0.15, too_little = 0.05;
/// The oldest series of Linux that is still mended (kernel.org/category/releases.html).
constexpr int oldest_kernel_major = 5, oldest_kernel_minor = 10;
/// Below this a server keeps 128 connections and no more (see http::ServerOptions::max_connections).
constexpr std::uint64_t least_files = 1024, enough_files = 8192;

std::string text_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::optional<std::uint64_t> number_in(const std::string& file) {
    auto text = text_of(file);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return parse_number<std::uint64_t>(text);
}

/// A folder that is not made yet will be on the disk of the one above it.
std::filesystem::path nearest_folder(std::filesystem::path folder) {
    std::error_code failed;
    while (!std::filesystem::exists(folder, failed) && folder.has_relative_path())
        folder = folder.parent_path();
    return folder;
}

/// Memory that is free to use: of the machine, or of the container when that is less.
Room memory_left(const std::string& meminfo) {
    Room room{kib_in(meminfo, "MemAvailable").value_or(0) * 1024,
              kib_in(meminfo, "MemTotal").value_or(0) * 1024};
    const auto limit = number_in("/sys/fs/cgroup/memory.max");
    const auto used = number_in("/sys/fs/cgroup/memory.current");
    if (!limit || !used || *limit >= room.all) return room;
    // What is cached can be given back.
    const auto stat = text_of("/sys/fs/cgroup/memory.stat");
    const auto cached = stat.find("inactive_file ");
    const auto end = stat.find('\n', cached);
    const auto give =
        cached == std::string::npos
            ? 0
            : parse_number<std::uint64_t>(stat.substr(cached + 14, end - cached - 14)).value_or(0);
    const auto held = *used > give ? *used - give : 0;
    return {std::min(room.free, *limit > held ? *limit - held : 0), *limit};
}

void judge_room(Findings& findings, const std::string& name, const Room& room, const std::string& words,
                const std::string& fix) {
    switch (standing_of(room)) {
        case Standing::fail:
            return findings.fail(name, words, fix);
        case Standing::warn:
            return findings.warn(name, words, fix);
        default:
            findings.ok(name, words);
    }
}

}  // namespace

Standing standing_of(const Room& room) {
    if (room.share() < too_little) return Standing::fail;
    return room.share() < little ? Standing::warn : Standing::ok;
}

std::string size_text(std::uint64_t bytes) {
    if (bytes >= 10'000'000'000) return fmt::format("{:.0f} GB", static_cast<double>(bytes) / 1e9);
    if (bytes >= 1'000'000'000) return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
    return fmt::format("{:.0f} MB", static_cast<double>(bytes) / 1e6);
}

std::optional<std::uint64_t> kib_in(std::string_view meminfo, std::string_view name) {
    for (std::size_t at = 0; at < meminfo.size();) {
        const auto end = std::min(meminfo.find('\n', at), meminfo.size());
        auto line = meminfo.substr(at, end - at);
        at = end + 1;
        if (!line.starts_with(name) || line.substr(name.size(), 1) != ":") continue;
        line.remove_prefix(name.size() + 1);
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        return parse_number<std::uint64_t>(line.substr(0, line.find(' ')));
    }
    return std::nullopt;
}

std::optional<std::uint64_t> open_files_in(std::string_view limits) {
    constexpr std::string_view title = "Max open files";
    const auto at = limits.find(title);
    if (at == std::string_view::npos) return std::nullopt;
    auto rest = limits.substr(at + title.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    return parse_number<std::uint64_t>(rest.substr(0, rest.find(' ')));
}

void look_at_clock(Findings& findings) {
    const char* name = "clock";
    timex state{};
    const int answer = ::adjtimex(&state);
    if (answer < 0)
        return findings.skip(name, fmt::format("the system does not tell: {}", std::strerror(errno)),
                             "Look on the host itself: timedatectl");
    if (answer == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
        return findings.warn(name, "not synchronised with any time server",
                             "Turn that on, in a container on its host: timedatectl set-ntp true");
    findings.ok(name,
                fmt::format("synchronised, within {:.3f} s", static_cast<double>(state.maxerror) / 1e6));
}

void look_at_disk(Findings& findings, const Disk& disk) {
    const auto name = fmt::format("disk of {}", fmt::join(disk.uses, ", "));
    const auto folder = nearest_folder(disk.folder);
    struct statvfs status {};
    if (::statvfs(folder.c_str(), &status) != 0)
        return findings.fail(name, fmt::format("{}: {}", folder.string(), std::strerror(errno)),
                             fmt::format("Look whether the disk is there: df -h {}", folder.string()));
    const Room bytes{status.f_bavail * status.f_frsize,
                     (status.f_blocks - status.f_bfree + status.f_bavail) * status.f_frsize};
    const Room inodes{status.f_favail, status.f_files - status.f_ffree + status.f_favail};
    judge_room(findings, name, bytes,
               fmt::format("{} of {} free ({:.0f} %) at {}", size_text(bytes.free), size_text(bytes.all),
                           100 * bytes.share(), folder.string()),
               fmt::format("Make room or enlarge the disk; what is biggest: du -xh {} | sort -h | tail",
                           folder.string()));
    if (inodes.all > 0 && standing_of(inodes) != Standing::ok)
        judge_room(
            findings, name, inodes,
            fmt::format("{} of {} files can still be made ({:.0f} %) at {}", inodes.free, inodes.all,
                        100 * inodes.share(), folder.string()),
            fmt::format("Remove files; where most are: du -x --inodes {} | sort -n | tail", folder.string()));
}

void look_at_memory(Findings& findings, const Subject& subject) {
    const auto meminfo = text_of("/proc/meminfo");
    const auto left = memory_left(meminfo);
    if (left.all == 0)
        return findings.skip("memory", "/proc/meminfo tells nothing", "Look at it yourself: free -m");
    const auto swap = kib_in(meminfo, "SwapTotal").value_or(0);
    const auto swapped = swap - std::min(swap, kib_in(meminfo, "SwapFree").value_or(0));
    auto words = fmt::format("{} of {} available ({:.0f} %), {} swapped out", size_text(left.free),
                             size_text(left.all), 100 * left.share(), size_text(swapped * 1024));
    const auto process = fmt::format("/proc/{}/status", subject.home.server_process);
    if (const auto own = kib_in(text_of(process), "VmRSS"); own && subject.home.server_process > 0)
        words += fmt::format("; the server has {}", size_text(*own * 1024));
    judge_room(findings, "memory", left, words,
               "See what takes it, end what need not run, or add memory: ps aux --sort=-rss | head");
}

void look_at_file_limit(Findings& findings, const Subject& subject) {
    const char* name = "file limit";
    const int process = subject.home.server_process;
    auto limit = process > 0 ? open_files_in(text_of(fmt::format("/proc/{}/limits", process))) : std::nullopt;
    const bool of_server = limit.has_value();
    if (!limit) {
        rlimit own{};
        ::getrlimit(RLIMIT_NOFILE, &own);
        limit = own.rlim_max;  // to which a server raises it
    }
    const auto words = fmt::format("{} may have {} files and connections open",
                                   of_server ? "the server" : "a server that is started from here", *limit);
    const auto fix = fmt::format(
        "Raise it to 65536: LimitNOFILE=65536 in the unit (systemctl edit brainbytes) or ulimit -n 65536; "
        "then {}.",
        service_command("restart"));
    if (*limit < least_files)
        findings.fail(name, words + fmt::format(", and it needs at least {}", least_files), fix);
    else if (*limit < enough_files)
        findings.warn(name, words + fmt::format("; {} are enough for a school", enough_files), fix);
    else
        findings.ok(name, words);
}

void look_at_kernel(Findings& findings) {
    utsname system{};
    ::uname(&system);
    int major = 0, minor = 0;
    std::sscanf(system.release, "%d.%d", &major, &minor);
    const auto landlock = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    const auto spaces = number_in("/proc/sys/user/max_user_namespaces").value_or(0);
    const auto clone = number_in("/proc/sys/kernel/unprivileged_userns_clone").value_or(1);
    const auto words =
        fmt::format("Linux {}, Landlock {}, user namespaces {}", system.release,
                    landlock > 0 ? fmt::format("version {}", landlock) : std::string("not available"),
                    spaces > 0 && clone > 0 ? "available" : "not available");
    if (std::pair(major, minor) < std::pair(oldest_kernel_major, oldest_kernel_minor))
        findings.warn("kernel", words + ": this kernel is mended by nobody any more",
                      "Install the updates of the system and restart the machine: apt-get dist-upgrade");
    else if (landlock <= 0)
        findings.warn(
            "kernel", words + ": PDFs and pictures that students bring are not read without it",
            "Boot with Landlock among the security modules: lsm=landlock,... on the kernel's command line");
    else
        findings.ok("kernel", words);
}

}  // namespace bb::watch
