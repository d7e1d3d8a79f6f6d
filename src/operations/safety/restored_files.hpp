#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/http/file_body.hpp"
#include "operations/safety/tar.hpp"
#include "services/blobs/stores.hpp"

namespace bb::safety {

/// A file as create_backup() names it, "<owner>/<digest>"; nothing: it is no such name.
std::optional<blobs::Stored> stored_name(std::string_view name);

/// The part "files" of a backup, unpacked beside the live files.
class RestoredFiles {
public:
    /// `stores` have the live files, and get these; `data` is the folder to unpack in, best of their disk.
    RestoredFiles(const std::filesystem::path& data, std::shared_ptr<const blobs::Stores> stores);
    /// Removes what was not put in place.
    ~RestoredFiles();
    RestoredFiles(const RestoredFiles&) = delete;

    /// Throws std::runtime_error at anything that is not as create_backup() packs it.
    void unpack(std::shared_ptr<http::FileSource> part);

    using Stored = blobs::Stored;
    /// Takes those of `wanted` out of the part "files" of another backup, and out of `wanted`; what the part
    /// holds besides stays there. Throws like unpack(); what was taken until then is whole.
    void take(std::shared_ptr<http::FileSource> part, std::set<Stored>& wanted);
    /// Whether the files that were unpacked and taken have it.
    bool holds(const Stored& file) const { return files_.contains(file); }

    /// Leaves out the files of people who were erased.
    void forget(const std::set<Uuid>& owners);
    /// Puts files in place that are not there. Live ones that were sealed otherwise stay until
    /// replace_changed(), when the database that knows their keys is gone.
    void add_missing();
    void replace_changed();
    /// All that the stores have now.
    std::set<Stored> names() const { return stores_->names(); }
    /// Writes the settings of the backup that `put` does not put elsewhere into a folder of their own; empty
    /// when there are none.
    std::filesystem::path keep_settings(
        const std::string& backup,
        const std::function<bool(const std::string& name, std::string_view text)>& put);

    const std::string& secret() const { return secret_; }
    std::uint64_t count() const { return files_.size(); }

private:
    std::filesystem::path staged(const Stored& file) const;
    void stage(const Stored& file, TarReader& tar);

    std::filesystem::path data_, staging_;
    std::shared_ptr<const blobs::Stores> stores_;
    std::string secret_;
    std::vector<std::pair<std::string, std::string>> settings_;
    std::set<Stored> files_;
};

}  // namespace bb::safety
