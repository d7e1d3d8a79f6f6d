#include "operations/watch/doctor/files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/core/log_files.hpp"
#include "base/core/privileges.hpp"
#include "operations/watch/doctor/machine.hpp"

namespace bb::watch {
namespace {

namespace fs = std::filesystem;

/// More than this many entries are not looked through: the rest would be alike.
constexpr int most_entries = 20'000;
constexpr const char* name = "data folder";
constexpr const char* run_as_root_or_owner =
    "Run this as root, or as the account of the server: sudo brainbytes doctor";

/// The first entry in the folder that is not its owner's.
struct Stray {
    int entries = 0;
    int others = 0;
    std::string example;
};

Stray look_for_strays(const fs::path& data, uid_t owner) {
    Stray stray;
    std::error_code failed;
    fs::recursive_directory_iterator entry(data, fs::directory_options::skip_permission_denied, failed);
    for (; !failed && entry != fs::recursive_directory_iterator(); entry.increment(failed)) {
        if (++stray.entries > most_entries) break;
        if (entry->path().filename() == "lost+found") {
            entry.disable_recursion_pending();
            continue;
        }
        struct stat status;
        if (::lstat(entry->path().c_str(), &status) != 0 || status.st_uid == owner) continue;
        if (stray.others++ == 0) stray.example = entry->path().string();
    }
    return stray;
}

/// A folder that is not there yet is made with the next line.
void judge_absent_log(Findings& findings, const Subject& subject, const fs::path& folder) {
    std::error_code failed;
    if (!fs::exists(subject.home.data, failed))
        return findings.skip("log", "there is no data folder", "First mend what is said of the data folder.");
    if (::access(subject.home.data.c_str(), W_OK | X_OK) == 0)
        return findings.ok("log", fmt::format("{} is made with the next line", folder.string()));
    findings.fail("log", fmt::format("{} cannot be made: {}", folder.string(), std::strerror(errno)),
                  "First mend what is said of the data folder.");
}

void judge_room_of_log(Findings& findings, const fs::path& folder) {
    struct statvfs disk {};
    const auto least = log::FileLimits().room_left;
    if (::statvfs(folder.c_str(), &disk) == 0 && std::uint64_t(disk.f_bavail) * disk.f_frsize <= least)
        return findings.fail("log",
                             fmt::format("no lines are kept in {}: less than {} of its disk are free",
                                         folder.string(), size_text(least)),
                             fmt::format("Make room on the disk; what is biggest: du -xh {} | sort -h | tail",
                                         folder.parent_path().string()));
    findings.ok("log", fmt::format("{} can be written", folder.string()));
}

}  // namespace

void look_at_data_folder(Findings& findings, const Subject& subject) {
    const auto& data = subject.home.data;
    struct stat status;
    if (::stat(data.c_str(), &status) != 0)
        return findings.fail(
            name, fmt::format("{}: {}", data.string(), std::strerror(errno)),
            errno == ENOENT
                ? fmt::format("If this is where the data should be, mount its disk; a new installation "
                              "makes the folder when it starts: {}",
                              service_command("start"))
                : std::string(run_as_root_or_owner));
    bool good = true;
    if ((status.st_mode & 0077) != 0) {
        findings.fail(
            name,
            fmt::format("{} is open to other accounts (mode {:04o})", data.string(), status.st_mode & 07777),
            fmt::format("Close it: chmod 700 {}", data.string()));
        good = false;
    }
    if (status.st_uid != geteuid() && !privileges::is_root())
        return findings.fail(
            name,
            fmt::format("{} belongs to account number {}, and this command runs as number {}", data.string(),
                        status.st_uid, geteuid()),
            run_as_root_or_owner);
    const auto stray = look_for_strays(data, status.st_uid);
    if (stray.others > 0) {
        findings.fail(name,
                      fmt::format("{} of its files belong to other accounts, {} first: the server may not "
                                  "be able to use them",
                                  stray.others, stray.example),
                      fmt::format("Give them back: chown -R {} {}", status.st_uid, data.string()));
        good = false;
    }
    if (good)
        findings.ok(name, fmt::format("{}: closed to others, all of it belongs to account number {}",
                                      data.string(), status.st_uid));
}

void look_at_log_folder(Findings& findings, const Subject& subject) {
    const char* log = "log";
    if (subject.config.number("BRAINBYTES_LOG_DAYS") == 0)
        return findings.ok(log, "no files of it are wanted (BRAINBYTES_LOG_DAYS is 0)");
    const auto folder = subject.home.data / "logs";
    struct stat status;
    if (::lstat(folder.c_str(), &status) != 0) {
        if (errno == ENOENT) return judge_absent_log(findings, subject, folder);
        return findings.fail(log, fmt::format("{}: {}", folder.string(), std::strerror(errno)),
                             run_as_root_or_owner);
    }
    if (!S_ISDIR(status.st_mode))
        return findings.fail(
            log, fmt::format("{} is no folder: lines go to standard error alone", folder.string()),
            fmt::format("Move it away, the server makes the folder by itself: mv {0} {0}.old",
                        folder.string()));
    if (::access(folder.c_str(), W_OK | X_OK) != 0)
        return findings.fail(
            log, fmt::format("nothing can be written into {}: {}", folder.string(), std::strerror(errno)),
            fmt::format("Give it to the account of the server: chown -R {0} {1}; chmod 700 "
                        "{1}",
                        geteuid(), folder.string()));
    judge_room_of_log(findings, folder);
}

}  // namespace bb::watch
