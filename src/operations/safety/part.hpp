#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/http/file_body.hpp"
#include "operations/safety/compression.hpp"
#include "operations/safety/hasher.hpp"
#include "operations/safety/manifest.hpp"
#include "services/blobs/sealed_file.hpp"

namespace bb::safety {

/// A part of a backup on its way to the disk: compressed, sealed, hashed.
class PartWriter {
public:
    /// `backup` is the id of the backup that the part belongs to, and opens in alone. Throws
    /// std::system_error.
    PartWriter(const std::filesystem::path& folder, std::string name, std::string_view backup,
               const secrets::Key& key, int workers);
    ~PartWriter();
    PartWriter(const PartWriter&) = delete;

    /// Throws std::system_error (no space).
    void add(std::string_view bytes);
    /// Everything is on the disk (fsync) when this returns.
    Part finish();

private:
    void store(std::string_view sealed);

    Part part_;
    int file_;
    Hasher hasher_;
    blobs::FileSealer sealer_;
    Compressor compressor_;
};

/// File of the part `name` inside the folder of a backup.
std::filesystem::path part_file(const std::filesystem::path& backup_folder, std::string_view name);

/// The content of a part. Throws std::runtime_error when it is not there or was not sealed with `key` for
/// this backup; reading does so at the first piece that was changed.
std::shared_ptr<http::FileSource> open_part(const std::filesystem::path& backup_folder, std::string_view name,
                                            std::string_view backup, const secrets::Key& key);

/// Reads a part's file to its end. Throws std::runtime_error with a sentence when size or hash are not as the
/// manifest says.
void check_part(const std::filesystem::path& backup_folder, const Part& part);

}  // namespace bb::safety
