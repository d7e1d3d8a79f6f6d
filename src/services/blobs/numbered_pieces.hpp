#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/http/file_body.hpp"
#include "services/secrets/sealed.hpp"

struct evp_cipher_ctx_st;

namespace bb::blobs {

/// The form of files that are sealed before their names are known: "bbfile2\n", the key of the pieces (of
/// this file alone), sealed with the file's key for its place, and then pieces of 64 KiB of the content, the
/// last of them shorter or not. Each is sealed by ChaCha20-Poly1305 (RFC 8439) with a nonce of its number (11
/// bytes, the highest first) and of whether it is the last, as in the files of age
/// (https://age-encryption.org/v1; the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015):
/// nothing can be changed, taken out, put in another order or cut off unseen.
namespace numbered {

constexpr std::string_view form = "bbfile2\n";
constexpr std::size_t piece_size = 64 * 1024;
constexpr std::size_t tag_size = 16;
constexpr std::size_t nonce_size = 24;
constexpr std::size_t key_size = 32;
constexpr std::size_t head_size = form.size() + nonce_size + key_size + tag_size;

/// How many pieces a content of `bytes` has; one at least.
std::uint64_t pieces_of(std::uint64_t bytes);
/// Bytes of a whole file with a content of `bytes`.
std::uint64_t stored_size(std::uint64_t bytes);
/// Bytes of the content of a whole file; nullopt when none has so many.
std::optional<std::uint64_t> content_size(std::uint64_t stored);

/// What a file begins with.
std::string seal_head(const secrets::Key& key, std::string_view place, const secrets::Key& of_pieces);
/// The key of the pieces; nullopt when the head was sealed otherwise.
std::optional<secrets::Key> open_head(std::string_view head, const secrets::Key& key, std::string_view place);

/// Seals or opens pieces under one key.
class Cipher {
public:
    explicit Cipher(const secrets::Key& of_pieces);
    /// Writes text.size() + tag_size bytes to `into`.
    void seal(std::uint64_t number, bool last, std::string_view text, char* into);
    /// Writes sealed.size() - tag_size bytes to `into`; false when they are not what was sealed there.
    bool open(std::uint64_t number, bool last, std::string_view sealed, char* into);

private:
    struct Free {
        void operator()(evp_cipher_ctx_st* context) const;
    };
    secrets::Key key_;
    std::unique_ptr<evp_cipher_ctx_st, Free> context_;
};

/// The content of pieces that `pieces` gives one after the other, of which there are `bytes` in all, opened
/// while it is read. Reading throws std::runtime_error at one that was changed.
std::unique_ptr<http::FileSource> content_of(std::shared_ptr<http::FileSource> pieces, std::uint64_t bytes,
                                             const secrets::Key& of_pieces);

}  // namespace numbered
}  // namespace bb::blobs
