#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace bb::crypto {

using Digest = std::array<std::uint8_t, 32>;

/// Must be called once before anything else here; throws std::runtime_error when libsodium cannot start.
void initialize();
/// SHA-256 (FIPS 180-4).
Digest sha256(std::string_view data);
/// The same of what comes in pieces: `next` gives one after the other, and an empty one at the end.
Digest sha256(const std::function<std::string_view()>& next);
/// HMAC-SHA-256 (RFC 2104).
Digest hmac_sha256(std::string_view key, std::string_view data);
/// Fills `bytes` bytes at `out` with random ones, asking the operating system for many at once.
void random_fill(void* out, std::size_t bytes);
/// `bytes` random bytes from the operating system, as raw bytes.
std::string random_bytes(std::size_t bytes);
/// An unpredictable token of `bytes` random bytes in unpadded base64url (RFC 4648).
std::string random_token(std::size_t bytes = 32);
/// A random decimal code with exactly `digits` digits.
std::string random_digits(int digits);
std::string hex(std::string_view bytes);
std::string hex(const Digest& digest);
/// What hex() wrote of a digest; nullopt for anything else.
std::optional<Digest> parse_digest(std::string_view hex);
/// Padded base64 (RFC 4648, section 4).
std::string base64(std::string_view bytes);
std::string base64(const Digest& digest);
/// What padded base64 stands for; nullopt when it is none.
std::optional<std::string> from_base64(std::string_view text);
/// Compares in time that depends on the lengths alone.
bool equal(std::string_view a, std::string_view b);

}  // namespace bb::crypto
