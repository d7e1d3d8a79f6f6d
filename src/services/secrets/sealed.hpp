#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/core/uuid.hpp"

namespace bb::secrets {

/// Tells keys apart; no secret.
using KeyId = std::array<std::uint8_t, 8>;

/// 256 secret bits, wiped when they go.
class Key {
public:
    static Key random();
    /// From a text that is secret already; `purpose` keeps keys of different uses apart.
    static Key derive(std::string_view secret, std::string_view purpose);
    static std::optional<Key> from_bytes(std::string_view bytes);

    Key(const Key&) = default;
    Key& operator=(const Key&) = default;
    ~Key();

    std::string_view bytes() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }

private:
    Key() = default;
    std::array<std::uint8_t, 32> bytes_{};
};

/// Where a sealed value stands. It opens there and nowhere else, so that a copy in another row or column is
/// worth nothing.
struct Place {
    std::string_view column;  // "table.column"
    Uuid row;
};

/// Seals `text` (XChaCha20-Poly1305) under the key named `id`. The id stands readable in front.
std::string seal(const KeyId& id, const Key& key, const Place& place, std::string_view text);

/// The id of the key that sealed `sealed`; nullopt when it has not the form of something sealed.
std::optional<KeyId> key_id_of(std::string_view sealed);

/// What was sealed; nullopt when the key or the place is another one, or a byte was changed.
std::optional<std::string> open(const Key& key, const Place& place, std::string_view sealed);

}  // namespace bb::secrets
