#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/core/crypto.hpp"
#include "base/core/error.hpp"
#include "services/webauthn/relying_party.hpp"

namespace bb::webauthn {

/// The algorithms we take, as COSE numbers: ES256, EdDSA (Ed25519), RS256.
inline constexpr int algorithms[] = {-7, -8, -257};

/// What the answer of a browser must fit.
struct Expected {
    RelyingParty party;
    crypto::Digest challenge_hash;  // SHA-256 of the challenge in base64url
};

/// What navigator.credentials.create() gave, decoded.
struct Registration {
    std::string credential_id;
    std::string client_data;         // clientDataJSON
    std::string attestation_object;  // CBOR
};

/// A credential as it is kept.
struct Credential {
    std::string id;
    int algorithm = 0;
    std::string public_key;  // as libfido2 has it: x and y; 32 bytes; n and e
    std::uint32_t counter = 0;
    bool backup_eligible = false;
};

/// What navigator.credentials.get() gave, decoded.
struct Assertion {
    std::string credential_id;
    std::string client_data;
    std::string authenticator_data;
    std::string signature;
    std::string user_handle;
};

/// The hash of the challenge that `client_data` claims to answer; nullopt when it cannot be read.
std::optional<crypto::Digest> challenge_hash_of(std::string_view client_data);

/// Carries out WebAuthn Level 3, section 7.1 ("Registering a New Credential"), as far as one answer by itself
/// tells: that the challenge is open and the id is new are for the caller. The user must have been verified.
/// Errors: invalid_input, with what does not fit.
Result<Credential> verify_registration(const Registration& made, const Expected& expected);

/// Carries out section 7.2 ("Verifying an Authentication Assertion") and gives the new counter. `user_handle`
/// is the one of the credential's owner; it must have been sent. Errors: invalid_input.
Result<std::uint32_t> verify_assertion(const Assertion& shown, const Credential& known,
                                       std::string_view user_handle, const Expected& expected);

}  // namespace bb::webauthn
