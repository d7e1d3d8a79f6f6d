#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/time.hpp"
#include "base/db/wal_stream.hpp"
#include "services/secrets/sealed.hpp"

namespace bb::safety {

/// One file of a backup: compressed, then sealed.
struct Part {
    std::string name;                ///< "database", "files"
    std::uint64_t bytes = 0;         ///< of its content
    std::uint64_t stored_bytes = 0;  ///< of the file
    std::string sha256;              ///< of the file, in hexadecimal
};

/// The key of a backup, sealed to one recipient.
struct SealedFor {
    std::string recipient;  ///< public half, base64url
    std::string key;        ///< as seal_key() gives it
};

/// Where a physical backup stands in its server's write-ahead log.
struct WalOfBackup {
    std::string system;  ///< tells servers apart
    std::uint32_t timeline = 0;
    db::Lsn from = 0;  ///< the log from here on makes later moments of the backup
    db::Lsn to = 0;    ///< it has the log up to about here in itself
    db::Lsn segment_size = 0;
    std::string role;  ///< that the server was read with
};

/// Why a backup was made of what a restore is about to replace.
constexpr const char* before_restore = "before restore";

/// What a backup says of itself. It is readable without a key, and holds nothing of people.
struct Manifest {
    std::string id;
    Time created_at;      ///< the moment the data is of
    std::string method;   ///< "logical", "physical"
    std::string reason;   ///< "asked for", "scheduled", "before restore"
    std::string program;  ///< version that made it
    int schema = 0;
    int postgres = 0;                          ///< major version of the server
    std::string database;                      ///< tells databases apart: system identifier and name
    std::string wal_position;                  ///< where the write-ahead log stood
    double seconds = 0;                        ///< that making it took
    std::map<std::string, std::int64_t> rows;  ///< of each table
    std::map<std::string, Time> newest_rows;   ///< when the newest of a table was made, see newest_rows()
    std::uint64_t files = 0;                   ///< uploaded files in it
    std::vector<std::string> missing_files;    ///< named by rows, and not there: owner/digest
    std::vector<Part> parts;
    std::vector<SealedFor> keys;
    std::optional<WalOfBackup> wal;  ///< of a physical one

    std::uint64_t stored_bytes() const;
    std::int64_t row_count() const;
    /// The newest of all; nothing: it is not told.
    std::optional<Time> newest_row() const;
};

/// The manifest as JSON on one line.
std::string to_json(const Manifest& manifest);

/// Reads it back. Errors: malformed, saying what is wrong.
Result<Manifest> manifest_from(std::string_view json);

/// The file manifest.json: the JSON, and a second line with its SHA-256 and what only the holder of `key` can
/// compute over it.
std::string sign_manifest(const Manifest& manifest, const secrets::Key& key);

/// The manifest in the text of manifest.json. Errors: malformed, when it was changed as far as can be seen
/// without a key.
Result<Manifest> read_manifest(std::string_view text);

/// Whether the holder of `key` wrote this text.
bool is_signed_with(std::string_view text, const secrets::Key& key);

}  // namespace bb::safety
