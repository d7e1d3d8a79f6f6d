#pragma once
#include <fido.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "services/webauthn/verify.hpp"

namespace bb::webauthn {

/// Steps that registering and signing in share. Inside this folder only.

struct Release {
    void operator()(fido_cred_t* cred) const { fido_cred_free(&cred); }
    void operator()(fido_assert_t* assertion) const { fido_assert_free(&assertion); }
};

inline const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

inline Error misfit(std::string what) {
    return {ErrorCode::invalid_input, std::move(what)};
}

/// The beginning of authenticator data (section 6.1).
struct AuthenticatorFlags {
    bool backup_eligible = false;
    bool has_credential = false;  // attested credential data follow
};

/// Checks that `client_data` is of this type ("webauthn.create") and answers what is expected: challenge,
/// origin, not from within a foreign frame. What is wrong, or nullopt.
std::optional<Error> fault_of_client_data(std::string_view client_data, std::string_view type,
                                          const Expected& expected);

/// Checks rpIdHash, user present, user verified, and that the backup flags agree.
Result<AuthenticatorFlags> read_flags(std::string_view authenticator_data, const RelyingParty& party);

/// Whether `signature` is the one of this key over both data (libfido2 checks the flags once more).
bool signature_fits(const Assertion& shown, const Credential& known, const RelyingParty& party);

/// Whether libfido2 can use this key.
bool is_usable_key(int algorithm, std::string_view public_key);

}  // namespace bb::webauthn
