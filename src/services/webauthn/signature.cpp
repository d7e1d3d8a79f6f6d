#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>

#include <functional>

#include "services/webauthn/parts.hpp"

namespace bb::webauthn {
namespace {

using Check = std::function<bool(const void* key)>;

/// Reads a key with libfido2's own functions for its kind and asks `check` about it.
template <class Key>
bool with_key(std::string_view bytes, Key* (*make)(), void (*release)(Key**),
              int (*read)(Key*, const void*, std::size_t), const Check& check) {
    Key* key = make();
    const bool fits = key != nullptr && read(key, bytes.data(), bytes.size()) == FIDO_OK && check(key);
    release(&key);
    return fits;
}

bool with_key_of(int algorithm, std::string_view bytes, const Check& check) {
    switch (algorithm) {
        case COSE_ES256:
            return with_key<es256_pk_t>(bytes, es256_pk_new, es256_pk_free, es256_pk_from_ptr, check);
        case COSE_EDDSA:
            return with_key<eddsa_pk_t>(bytes, eddsa_pk_new, eddsa_pk_free, eddsa_pk_from_ptr, check);
        case COSE_RS256:
            return with_key<rs256_pk_t>(bytes, rs256_pk_new, rs256_pk_free, rs256_pk_from_ptr, check);
        default:
            return false;
    }
}

}  // namespace

bool is_usable_key(int algorithm, std::string_view public_key) {
    return with_key_of(algorithm, public_key, [](const void*) { return true; });
}

bool signature_fits(const Assertion& shown, const Credential& known, const RelyingParty& party) {
    const std::unique_ptr<fido_assert_t, Release> assertion(fido_assert_new());
    if (!assertion) return false;
    const auto hash = crypto::sha256(shown.client_data);
    const auto& data = shown.authenticator_data;
    const auto& signature = shown.signature;
    auto* one = assertion.get();
    const bool set = fido_assert_set_clientdata_hash(one, hash.data(), hash.size()) == FIDO_OK &&
                     fido_assert_set_rp(one, party.id.c_str()) == FIDO_OK &&
                     fido_assert_set_count(one, 1) == FIDO_OK &&
                     fido_assert_set_authdata_raw(one, 0, bytes_of(data), data.size()) == FIDO_OK &&
                     fido_assert_set_sig(one, 0, bytes_of(signature), signature.size()) == FIDO_OK &&
                     fido_assert_set_up(one, FIDO_OPT_TRUE) == FIDO_OK &&
                     fido_assert_set_uv(one, FIDO_OPT_TRUE) == FIDO_OK;
    return set && with_key_of(known.algorithm, known.public_key, [&](const void* key) {
               return fido_assert_verify(one, 0, known.algorithm, key) == FIDO_OK;
           });
}

}  // namespace bb::webauthn
