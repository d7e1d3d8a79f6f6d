#include "services/webauthn/attestation.hpp"

#include <cbor.h>

#include <cstdlib>
#include <memory>

namespace bb::webauthn {
namespace {

struct Release {
    void operator()(cbor_item_t* item) const { cbor_decref(&item); }
    void operator()(unsigned char* bytes) const { std::free(bytes); }
};
using Item = std::unique_ptr<cbor_item_t, Release>;

std::optional<std::string> text_of(const cbor_item_t* item) {
    if (!cbor_isa_string(item) || !cbor_string_is_definite(item)) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(cbor_string_handle(item)), cbor_string_length(item));
}

std::optional<std::string> bytes_of(const cbor_item_t* item) {
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
    const std::unique_ptr<unsigned char, Release> owned(bytes);
    if (size == 0) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(bytes), size);
}

/// The value of a member; null when it is missing.
const cbor_item_t* member(const cbor_item_t* map, std::string_view name) {
    const auto* pairs = cbor_map_handle(map);
    for (std::size_t i = 0; i < cbor_map_size(map); ++i)
        if (text_of(pairs[i].key) == name) return pairs[i].value;
    return nullptr;
}

}  // namespace

std::optional<AttestationObject> parse_attestation(std::string_view cbor) {
    cbor_load_result read{};
    const Item whole(cbor_load(reinterpret_cast<const unsigned char*>(cbor.data()), cbor.size(), &read));
    if (!whole || read.read != cbor.size()) return std::nullopt;
    if (!cbor_isa_map(whole.get()) || cbor_map_size(whole.get()) != 3) return std::nullopt;

    const auto* format = member(whole.get(), "fmt");
    const auto* statement = member(whole.get(), "attStmt");
    const auto* data = member(whole.get(), "authData");
    if (format == nullptr || statement == nullptr || data == nullptr) return std::nullopt;
    const auto name = text_of(format);
    const auto sent = map_of(statement);
    const auto bytes = bytes_of(data);
    if (!name || !sent || !bytes) return std::nullopt;
    return AttestationObject{*name, *sent, cbor_map_size(statement) == 0, *bytes};
}

}  // namespace bb::webauthn
