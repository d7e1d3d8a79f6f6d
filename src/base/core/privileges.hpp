#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>

namespace bb::privileges {

/// An account of this machine; `name` is empty when the number has none.
struct Account {
    uid_t uid;
    gid_t gid;
    std::string name;
    std::string home;

    /// The name, or the number where there is none.
    std::string label() const;
};

/// True when this process runs as root (PostgreSQL refuses that, and so do we for longer than a moment).
bool is_root();
/// The account this process runs as.
Account current();
/// The account that root gives way to: the owner of `folder` unless that is root or the folder is missing;
/// then brainbytes, postgres or nobody, whichever exists first.
Account unprivileged_for(const std::filesystem::path& folder);
/// Whether `account` may pass through every parent of `folder`. Needs root.
bool can_reach(const Account& account, const std::filesystem::path& folder);
/// Becomes `account` for good, with its groups and home. Throws std::system_error when the system refuses.
void drop_to(const Account& account);

/// What root has made at `made`, a file or a folder, goes to the account that the folder around it belongs
/// to. Nothing else changes hands: no link, no file with a second name. Throws std::system_error.
void give_to_owner_around(const std::filesystem::path& made);

}  // namespace bb::privileges
