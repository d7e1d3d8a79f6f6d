#pragma once
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/core/hasher.hpp"
#include "base/http/file_body.hpp"
#include "operations/safety/compression.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/manifest.hpp"
#include "services/blobs/sealed_file.hpp"

namespace bb::safety {

/// A part of a backup on its way to where it is kept: compressed, sealed, hashed.
class PartWriter {
public:
    /// `backup` is the id of the backup that the part belongs to, and opens in alone. Throws as Store does.
    PartWriter(const Destination& to, std::string name, std::string_view backup, const secrets::Key& key,
               int workers);

    void add(std::string_view bytes);
    /// Everything is kept for good when this returns.
    Part finish();

private:
    void store(std::string_view sealed);

    Part part_;
    std::unique_ptr<ObjectWriter> object_;
    crypto::Hasher hasher_;
    blobs::FileSealer sealer_;
    Compressor compressor_;
};

/// Name of the object that holds the part `name`, beside the manifest.
std::string part_object(std::string_view name);

/// The content of a part. Throws std::runtime_error when it is not there or was not sealed with `key` for
/// this backup; reading does so at the first piece that was changed.
std::shared_ptr<http::FileSource> open_part(const StoredBackup& backup, std::string_view name,
                                            const secrets::Key& key);

/// Thrown when bytes were read that are not those that were written.
class Damaged : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Reads a part's object to its end. Throws Damaged with a sentence when size or hash are not as the manifest
/// says, and as Store does.
void check_part(const StoredBackup& backup, const Part& part);

}  // namespace bb::safety
