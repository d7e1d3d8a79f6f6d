#include "base/core/privileges.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <vector>

namespace bb::privileges {
namespace {

void require(bool good, const char* what) {
    if (!good) throw std::system_error(errno, std::generic_category(), what);
}

Account from_entry(const passwd& entry) {
    return {entry.pw_uid, entry.pw_gid, entry.pw_name, entry.pw_dir};
}

Account from_number(uid_t uid, gid_t gid) {
    if (const auto* entry = getpwuid(uid)) return from_entry(*entry);
    return {uid, gid, "", "/nonexistent"};
}

void take_groups_of(const Account& account) {
    if (account.name.empty())
        require(setgroups(1, &account.gid) == 0, "setgroups");
    else
        require(initgroups(account.name.c_str(), account.gid) == 0, "initgroups");
}

/// Acts as `account` until it goes out of scope.
class Guise {
public:
    explicit Guise(const Account& account)
        : groups_(static_cast<std::size_t>(std::max(getgroups(0, nullptr), 0))) {
        require(getgroups(static_cast<int>(groups_.size()), groups_.data()) >= 0, "getgroups");
        take_groups_of(account);
        require(setegid(account.gid) == 0, "setegid");
        require(seteuid(account.uid) == 0, "seteuid");
    }
    ~Guise() {
        // Without root again nothing after this could be right.
        if (seteuid(0) != 0 || setegid(0) != 0 || setgroups(groups_.size(), groups_.data()) != 0)
            std::abort();
    }
    Guise(const Guise&) = delete;

private:
    std::vector<gid_t> groups_;
};

}  // namespace

std::string Account::label() const {
    return name.empty() ? "number " + std::to_string(uid) : name;
}

bool is_root() {
    return geteuid() == 0;
}

Account current() {
    return from_number(geteuid(), getegid());
}

Account unprivileged_for(const std::filesystem::path& folder) {
    struct stat status;
    if (stat(folder.c_str(), &status) == 0 && status.st_uid != 0)
        return from_number(status.st_uid, status.st_gid);
    for (const char* name : {"brainbytes", "postgres", "nobody"})
        if (const auto* entry = getpwnam(name)) return from_entry(*entry);
    return {65534, 65534, "", "/nonexistent"};
}

bool can_reach(const Account& account, const std::filesystem::path& folder) {
    const Guise guise(account);
    for (auto parent = folder.parent_path(); !parent.empty(); parent = parent.parent_path()) {
        if (faccessat(AT_FDCWD, parent.c_str(), X_OK, AT_EACCESS) != 0 && errno != ENOENT) return false;
        if (parent == parent.root_path()) break;
    }
    return true;
}

void drop_to(const Account& account) {
    take_groups_of(account);
    require(setresgid(account.gid, account.gid, account.gid) == 0, "setresgid");
    require(setresuid(account.uid, account.uid, account.uid) == 0, "setresuid");
    if (setuid(0) == 0) std::abort();
    // The change hides /proc/self from ourselves, where the metrics of the process are read.
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    setenv("HOME", account.home.c_str(), 1);
    setenv("USER", account.name.c_str(), 1);
    setenv("LOGNAME", account.name.c_str(), 1);
}

void give_to_owner_around(const std::filesystem::path& made) {
    if (!is_root()) return;
    const int fd = ::open(made.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    require(fd >= 0, made.c_str());
    struct stat around {
    }, own{};
    const bool known = ::stat(made.parent_path().c_str(), &around) == 0 && ::fstat(fd, &own) == 0;
    const bool ours = known && own.st_uid == 0 && around.st_uid != 0 &&
                      (S_ISDIR(own.st_mode) || (S_ISREG(own.st_mode) && own.st_nlink == 1));
    const bool given = !ours || ::fchown(fd, around.st_uid, around.st_gid) == 0;
    const int reason = errno;
    ::close(fd);
    errno = reason;
    require(known && given, made.c_str());
}

}  // namespace bb::privileges
