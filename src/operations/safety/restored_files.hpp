#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/http/file_body.hpp"
#include "services/blobs/disk_store.hpp"

namespace bb::safety {

/// The part "files" of a backup, unpacked beside the live files.
class RestoredFiles {
public:
    /// `store` is the folder of the live files; both it and `data` are on the disk that the result lies on.
    RestoredFiles(const std::filesystem::path& data, const std::filesystem::path& store);
    /// Removes what was not put in place.
    ~RestoredFiles();
    RestoredFiles(const RestoredFiles&) = delete;

    /// Throws std::runtime_error at anything that is not as create_backup() packs it.
    void unpack(std::shared_ptr<http::FileSource> part);

    /// Leaves out the files of people who were erased.
    void forget(const std::set<Uuid>& owners);
    /// Puts files in place that are not there. Live ones that were sealed otherwise stay until
    /// replace_changed(), when the database that knows their keys is gone.
    void add_missing();
    void replace_changed();
    bool is_there(const Uuid& owner, const crypto::Digest& digest) const;
    /// Writes the settings of the backup into a folder of their own; empty when it has none.
    std::filesystem::path keep_settings(const std::string& backup);

    const std::string& secret() const { return secret_; }
    std::uint64_t count() const { return files_.size(); }

private:
    using Stored = blobs::DiskStore::Stored;
    std::filesystem::path staged(const Stored& file) const;

    std::filesystem::path data_, staging_;
    blobs::DiskStore store_;
    std::string secret_;
    std::vector<std::pair<std::string, std::string>> settings_;
    std::vector<Stored> files_;
};

}  // namespace bb::safety
