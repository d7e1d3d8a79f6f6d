#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "services/secrets/sealed.hpp"

namespace bb::safety {

/// The public half of a backup key (X25519): seals, and cannot open.
using PublicKey = std::array<std::uint8_t, 32>;

/// What a key file holds: whom backups are sealed to, and what opens them.
struct BackupKeys {
    std::vector<PublicKey> recipients;
    std::vector<secrets::Key> identities;  ///< private halves; none on a machine that only makes backups
};

/// Makes a pair and writes it into the new file `file` (mode 0600): a line `public ...` and a line
/// `private ...`. Throws std::runtime_error when there is a file of that name, or it cannot be written.
PublicKey make_backup_key(const std::filesystem::path& file);

/// Reads lines `public KEY` and `private KEY`, any number of each; a private half is a recipient too. Empty
/// lines and lines that begin with # are left out. "-" is standard input. Throws std::runtime_error naming
/// file and line.
BackupKeys read_backup_keys(const std::filesystem::path& file);

/// The line of a key file that stands for a private half.
std::string private_line(const secrets::Key& identity);

/// The public half as it is written: base64url.
std::string text_of(const PublicKey& key);

/// `key`, so that the private half of `recipient` alone opens it (libsodium's sealed box), as base64url.
std::string seal_key(const secrets::Key& key, const PublicKey& recipient);

/// What seal_key() sealed; nullopt when `identity` is not the private half, or it was changed.
std::optional<secrets::Key> open_key(const std::string& sealed, const secrets::Key& identity);

}  // namespace bb::safety
