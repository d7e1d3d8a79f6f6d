#include "operations/watch/doctor/files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/core/privileges.hpp"

namespace bb::watch {
namespace {

namespace fs = std::filesystem;

/// More than this many entries are not looked through: the rest would be alike.
constexpr int most_entries = 20'000;
constexpr const char* name = "data folder";

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
                : std::string("Run this as root, or as the account of the server: sudo brainbytes doctor"));
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
            "Run this as root, or as the account of the server: sudo brainbytes doctor");
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

}  // namespace bb::watch
