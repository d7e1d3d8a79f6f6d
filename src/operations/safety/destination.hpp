#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/file_lock.hpp"
#include "operations/safety/manifest.hpp"

namespace bb::safety {

/// One backup in a folder.
struct StoredBackup {
    std::string id;
    std::filesystem::path folder;
    std::optional<Manifest> manifest;  ///< nothing: it cannot be read
    std::string fault;                 ///< why
    bool held = false;                 ///< never pruned
};

/// A folder of backups: one folder each, named by its id, with manifest.json and the parts. What is not
/// finished has another name, so that whatever is there is whole.
class Destination {
public:
    explicit Destination(std::filesystem::path root) : root_(std::move(root)) {}

    const std::filesystem::path& root() const { return root_; }

    /// Makes the folder (mode 0700) when it is missing. Throws std::runtime_error with a sentence.
    void prepare() const;
    /// Held by who makes or removes backups. Throws std::runtime_error naming the process that holds it.
    FileLock lock() const;
    /// Removes what others have left unfinished; under the lock. Returns how many.
    int remove_unfinished() const;

    /// Every backup, oldest first.
    std::vector<StoredBackup> list() const;
    /// The one with this id, or the newest whole one for "latest". Errors: not_found, saying where was
    /// looked.
    Result<StoredBackup> find(std::string_view id) const;

    /// The folder of a backup while it is made.
    std::filesystem::path begin(std::string_view id) const;
    /// Writes manifest.json and gives the folder its name: from here on it is a backup, also after a crash.
    std::filesystem::path commit(std::string_view id, std::string_view manifest_text) const;
    void give_up(std::string_view id) const noexcept;

    /// Removes a backup for good; a crash leaves it whole or unfinished.
    void remove(const StoredBackup& backup) const;
    /// Keeps it from being pruned, or no longer. Throws std::system_error.
    void hold(const StoredBackup& backup, bool held) const;

    /// Bytes that are free there for this account.
    std::uint64_t free_bytes() const;

private:
    std::filesystem::path root_;
};

/// A new id: the time to the second and six random digits ("20261126T071500Z-1a2b3c"), so that ids sort by
/// time.
std::string new_backup_id(Time at);

/// The whole text of a small file. Throws std::runtime_error.
std::string read_small_file(const std::filesystem::path& file);
/// Writes a file whole or not at all, on the disk (fsync) when this returns. Throws std::system_error.
void write_small_file(const std::filesystem::path& file, std::string_view text);
void sync_folder(const std::filesystem::path& folder);
void sync_file(const std::filesystem::path& file);

}  // namespace bb::safety
