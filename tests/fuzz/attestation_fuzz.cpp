// What a browser says of a new passkey is CBOR and keys from anybody who is signed in: reading it must end
// well and stay within bounds, and nothing is taken that is not for this site and its user.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "services/webauthn/verify.hpp"

namespace {

// As tests/unit/services/webauthn/vectors.hpp has it, from which the corpus is.
constexpr auto client_data =
    R"({"type":"webauthn.create","challenge":"Y2hhbGxlbmdlIHRvIGFkZCBhIHBhc3NrZXkgMDAwMDA",)"
    R"("origin":"https://learn.example.org","crossOrigin":false})";

/// The credential id as it stands in the authenticator data, if it stands where it does in the corpus.
std::string claimed_id(const std::string& object) {
    const auto at = object.find("authData");
    if (at == std::string::npos || object.size() < at + 10 + 55 + 32) return "x";
    return object.substr(at + 10 + 55, 32);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bb::webauthn::Registration made;
    made.client_data = client_data;
    made.attestation_object.assign(reinterpret_cast<const char*>(data), size);
    made.credential_id = claimed_id(made.attestation_object);
    const bb::webauthn::Expected expected{{"learn.example.org", "https://learn.example.org"},
                                          bb::crypto::sha256("Y2hhbGxlbmdlIHRvIGFkZCBhIHBhc3NrZXkgMDAwMDA")};
    const auto credential = bb::webauthn::verify_registration(made, expected);
    if (!credential) return 0;
    if (credential->id != made.credential_id || credential->public_key.empty()) std::abort();
    // Whoever has this key has signed nothing yet.
    bb::webauthn::Assertion shown;
    shown.credential_id = credential->id;
    shown.client_data = client_data;
    shown.user_handle = "somebody";
    if (bb::webauthn::verify_assertion(shown, *credential, "somebody", expected)) std::abort();
    return 0;
}
