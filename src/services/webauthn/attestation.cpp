#include "services/webauthn/attestation.hpp"

#include <cbor.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace bb::webauthn {
namespace {

struct ReleaseItem {
    void operator()(cbor_item_t* item) const { cbor_decref(&item); }
    void operator()(unsigned char* bytes) const { std::free(bytes); }
};
using Item = std::unique_ptr<cbor_item_t, ReleaseItem>;

std::optional<std::string> text_in(const cbor_item_t* item) {
    if (!cbor_isa_string(item) || !cbor_string_is_definite(item)) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(cbor_string_handle(item)), cbor_string_length(item));
}

std::optional<std::string> bytes_in(const cbor_item_t* item) {
    if (!cbor_isa_bytestring(item) || !cbor_bytestring_is_definite(item)) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(cbor_bytestring_handle(item)),
                       cbor_bytestring_length(item));
}

/// A map, as its CBOR.
std::optional<std::string> map_of(const cbor_item_t* item) {
    if (!cbor_isa_map(item)) return std::nullopt;
    unsigned char* bytes = nullptr;
    std::size_t room = 0;
    const auto size = cbor_serialize_alloc(item, &bytes, &room);
    const std::unique_ptr<unsigned char, ReleaseItem> owned(bytes);
    if (size == 0) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(bytes), size);
}

/// What stands behind the credential id in authenticator data (section 6.5.2): a key, and perhaps extensions.
std::string_view after_credential_id(std::string_view data) {
    constexpr std::size_t at = 53;  // of the length of the id
    if (data.size() < at + 2) return {};
    const auto high = static_cast<unsigned char>(data[at]);
    const auto low = static_cast<unsigned char>(data[at + 1]);
    return data.substr(std::min<std::size_t>(data.size(), at + 2 + (high << 8 | low)));
}

/// The value of a member; null when it is missing.
const cbor_item_t* member(const cbor_item_t* map, std::string_view name) {
    const auto* pairs = cbor_map_handle(map);
    for (std::size_t i = 0; i < cbor_map_size(map); ++i)
        if (text_in(pairs[i].key) == name) return pairs[i].value;
    return nullptr;
}

}  // namespace

bool claims_fit(std::string_view cbor) {
    struct Claims {
        std::size_t limit;
        bool fit = true;
    } claims{cbor.size()};
    const auto look = [](void* context, std::size_t size) {
        auto* seen = static_cast<Claims*>(context);
        if (size > seen->limit) seen->fit = false;
    };
    auto callbacks = cbor_empty_callbacks;
    callbacks.array_start = look;
    callbacks.map_start = look;
    while (!cbor.empty() && claims.fit) {
        const auto* from = reinterpret_cast<const unsigned char*>(cbor.data());
        const auto step = cbor_stream_decode(from, cbor.size(), &callbacks, &claims);
        if (step.status != CBOR_DECODER_FINISHED || step.read == 0) return false;
        cbor.remove_prefix(step.read);
    }
    return claims.fit;
}

std::optional<AttestationObject> parse_attestation(std::string_view cbor) {
    if (!claims_fit(cbor)) return std::nullopt;
    cbor_load_result read{};
    const Item whole(cbor_load(reinterpret_cast<const unsigned char*>(cbor.data()), cbor.size(), &read));
    if (!whole || read.read != cbor.size()) return std::nullopt;
    if (!cbor_isa_map(whole.get()) || cbor_map_size(whole.get()) != 3) return std::nullopt;

    const auto* format = member(whole.get(), "fmt");
    const auto* statement = member(whole.get(), "attStmt");
    const auto* data = member(whole.get(), "authData");
    if (format == nullptr || statement == nullptr || data == nullptr) return std::nullopt;
    const auto name = text_in(format);
    const auto sent = map_of(statement);
    const auto bytes = bytes_in(data);
    if (!name || !sent || !bytes || !claims_fit(after_credential_id(*bytes))) return std::nullopt;
    return AttestationObject{*name, *sent, cbor_map_size(statement) == 0, *bytes};
}

}  // namespace bb::webauthn
