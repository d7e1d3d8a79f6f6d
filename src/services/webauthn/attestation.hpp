#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace bb::webauthn {

/// The attestation object of a new credential (section 6.5.4), taken apart.
struct AttestationObject {
    std::string format;
    std::string statement;  // CBOR, as it was sent
    bool empty_statement = false;
    std::string authenticator_data;
};

/// Nullopt when `cbor` is not a map of exactly fmt, attStmt and authData.
std::optional<AttestationObject> parse_attestation(std::string_view cbor);

}  // namespace bb::webauthn
