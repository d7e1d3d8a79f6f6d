#pragma once
#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "base/core/error.hpp"
#include "features/accounts/passkeys.hpp"

namespace bb::accounts {

/// Bodies of the passkey routes, in the JSON forms of WebAuthn Level 3 (PublicKeyCredential.toJSON). Each
/// parser reports every bad field at once (invalid_input); members of a credential that nobody needs are
/// passed over, since browsers add to them.

/// RegistrationResponseJSON in `credential`, and perhaps a `name`; else `standard_name`.
Result<NewPasskey> parse_new_passkey(const boost::json::value& body, const std::string& standard_name);

/// AuthenticationResponseJSON in `credential`.
Result<webauthn::Assertion> parse_assertion(const boost::json::value& body);

/// The new name of a passkey.
Result<std::string> parse_passkey_name(const boost::json::value& body);

struct RecoveryEntry {
    std::string email;  // as parse_address gives it
    std::string code;   // as parse_recovery_code gives it
};
Result<RecoveryEntry> parse_recovery_entry(const boost::json::value& body);

}  // namespace bb::accounts
