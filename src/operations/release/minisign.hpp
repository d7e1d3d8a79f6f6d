#pragma once
#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"

namespace bb::release {

/// Names a key in signatures made with it.
using KeyId = std::array<unsigned char, 8>;

/// Ed25519 (RFC 8032), as minisign keeps it.
struct TrustedKey {
    KeyId id;
    std::array<unsigned char, 32> key;
};
struct SigningKey {
    KeyId id;
    std::array<unsigned char, 64> secret;
};

/// As minisign prints it: eight bytes, the last first, in hexadecimal.
std::string text_of(const KeyId& id);

/// Makes a pair and writes it as `release.key` (mode 0600, without a password) and `release.pub` into
/// `folder`, which is made if need be. Throws std::runtime_error when one of them is there, or cannot be
/// written.
TrustedKey make_release_key(const std::filesystem::path& folder);

/// Read what minisign 0.11 and make_release_key() write. Errors: invalid_input, naming the file.
Result<SigningKey> read_signing_key(const std::filesystem::path& file);
Result<TrustedKey> read_trusted_key(const std::filesystem::path& file);

/// The text of a signature over the BLAKE2b-512 hash of the file ("ED"), as `minisign -V` takes it.
/// `trusted_comment`: one line, signed too. Throws std::runtime_error when the file cannot be read.
std::string sign(const std::filesystem::path& file, const SigningKey& key, std::string_view trusted_comment);

/// The trusted comment of a good signature. Errors: forbidden, when it is no signature, none of `trusted`
/// made it, or the file is not what was signed. Throws std::runtime_error when the file cannot be read.
Result<std::string> verify(const std::filesystem::path& file, std::string_view signature,
                           const std::vector<TrustedKey>& trusted);

/// What of a file is signed, in hexadecimal, as b2sum prints it. Throws std::runtime_error as above.
std::string signed_hash(const std::filesystem::path& file);
/// The same as verify() of a file with this hash, which is called `name`.
Result<std::string> verify_hash(const std::string& name, std::string_view hash, std::string_view signature,
                                const std::vector<TrustedKey>& trusted);

}  // namespace bb::release
