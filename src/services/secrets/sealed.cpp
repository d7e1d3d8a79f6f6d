#include "services/secrets/sealed.hpp"

#include <sodium.h>

#include <algorithm>
#include <stdexcept>

#include "base/core/crypto.hpp"

namespace bb::secrets {
namespace {

// Version, key id, nonce, and then the text with its tag.
constexpr char version = 1;
constexpr std::size_t id_at = 1;
constexpr std::size_t nonce_at = id_at + std::tuple_size_v<KeyId>;
constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t text_at = nonce_at + nonce_size;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;

static_assert(std::tuple_size_v<crypto::Digest> == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

const unsigned char* raw(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* raw(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

/// What is bound to the text without being a part of it: version, key and place.
std::string bound(std::string_view head, const Place& place) {
    std::string data(head);
    data.append(place.column).append("\n").append(place.row.text());
    return data;
}

}  // namespace

Key Key::random() {
    Key key;
    randombytes_buf(key.bytes_.data(), key.bytes_.size());
    return key;
}

Key Key::derive(std::string_view secret, std::string_view purpose) {
    // The secret has any length, the key of BLAKE2b has not.
    const auto digest = crypto::sha256(secret);
    Key key;
    if (crypto_generichash(key.bytes_.data(), key.bytes_.size(), raw(purpose), purpose.size(), digest.data(),
                           digest.size()) != 0)
        throw std::logic_error("a key could not be derived");
    return key;
}

std::optional<Key> Key::from_bytes(std::string_view bytes) {
    Key key;
    if (bytes.size() != key.bytes_.size()) return std::nullopt;
    std::copy(bytes.begin(), bytes.end(), key.bytes_.begin());
    return key;
}

Key::~Key() {
    sodium_memzero(bytes_.data(), bytes_.size());
}

std::string seal(const KeyId& id, const Key& key, const Place& place, std::string_view text) {
    std::string sealed(1, version);
    sealed.append(id.begin(), id.end());
    const auto data = bound(sealed, place);
    sealed.append(crypto::random_bytes(nonce_size));
    sealed.resize(text_at + text.size() + tag_size);
    crypto_aead_xchacha20poly1305_ietf_encrypt(raw(sealed) + text_at, nullptr, raw(text), text.size(),
                                               raw(data), data.size(), nullptr, raw(sealed) + nonce_at,
                                               raw(key.bytes()));
    return sealed;
}

std::optional<KeyId> key_id_of(std::string_view sealed) {
    if (sealed.size() < text_at + tag_size || sealed[0] != version) return std::nullopt;
    KeyId id{};
    std::copy_n(sealed.begin() + id_at, id.size(), id.begin());
    return id;
}

std::optional<std::string> open(const Key& key, const Place& place, std::string_view sealed) {
    if (!key_id_of(sealed)) return std::nullopt;
    const auto data = bound(sealed.substr(0, nonce_at), place);
    std::string text(sealed.size() - text_at - tag_size, '\0');
    const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
        raw(text), nullptr, nullptr, raw(sealed) + text_at, sealed.size() - text_at, raw(data), data.size(),
        raw(sealed) + nonce_at, raw(key.bytes()));
    if (opened != 0) return std::nullopt;
    return text;
}

}  // namespace bb::secrets
