#include "services/webauthn/verify.hpp"

#include "services/webauthn/attestation.hpp"
#include "services/webauthn/parts.hpp"

namespace bb::webauthn {
namespace {

constexpr std::size_t longest_id = 1023;  // section 7.1

std::string text_of(const unsigned char* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

using Cred = std::unique_ptr<fido_cred_t, Release>;

/// The new credential as libfido2 reads it, when its key is of this kind; else null.
Cred read_credential(int algorithm, const Registration& made, const std::string& data,
                     const Expected& expected) {
    Cred cred(fido_cred_new());
    const auto hash = crypto::sha256(made.client_data);
    const bool read = cred && fido_cred_set_type(cred.get(), algorithm) == FIDO_OK &&
                      fido_cred_set_clientdata_hash(cred.get(), hash.data(), hash.size()) == FIDO_OK &&
                      fido_cred_set_rp(cred.get(), expected.party.id.c_str(), nullptr) == FIDO_OK &&
                      fido_cred_set_uv(cred.get(), FIDO_OPT_TRUE) == FIDO_OK &&
                      fido_cred_set_authdata_raw(cred.get(), bytes_of(data), data.size()) == FIDO_OK;
    return read ? std::move(cred) : nullptr;
}

/// Whether the attestation statement is a valid one of its format. We ask for none, and judge no maker: of
/// format "none" (section 8.7, which libfido2 leaves to its caller) the statement must be empty; the
/// signature of any other is checked by libfido2, which knows "packed", "fido-u2f" and "tpm".
bool statement_fits(fido_cred_t* cred, const AttestationObject& attestation) {
    if (attestation.format == "none") return attestation.empty_statement;
    const auto& statement = attestation.statement;
    if (fido_cred_set_fmt(cred, attestation.format.c_str()) != FIDO_OK ||
        fido_cred_set_attstmt(cred, bytes_of(statement), statement.size()) != FIDO_OK)
        return false;
    const bool by_itself = fido_cred_x5c_ptr(cred) == nullptr;
    return (by_itself ? fido_cred_verify_self(cred) : fido_cred_verify(cred)) == FIDO_OK;
}

/// Section 7.2 forbids a counter that does not grow, unless it is not used at all.
bool counter_fits(std::uint32_t known, std::uint32_t shown) {
    return (known == 0 && shown == 0) || shown > known;
}

/// Bytes 33 to 36 of the authenticator data.
std::uint32_t counter_of(std::string_view data) {
    std::uint32_t counter = 0;
    for (const char c : data.substr(33, 4)) counter = counter << 8 | static_cast<std::uint8_t>(c);
    return counter;
}

}  // namespace

Result<Credential> verify_registration(const Registration& made, const Expected& expected) {
    if (auto fault = fault_of_client_data(made.client_data, "webauthn.create", expected)) return *fault;
    const auto attestation = parse_attestation(made.attestation_object);
    if (!attestation) return misfit("the attestation object cannot be read");
    const auto flags = read_flags(attestation->authenticator_data, expected.party);
    if (!flags) return flags.error();
    if (!flags->has_credential) return misfit("there is no credential in it");

    Credential credential;
    Cred cred;  // one takes one kind of key only
    for (const int algorithm : algorithms) {
        credential.algorithm = algorithm;
        cred = read_credential(algorithm, made, attestation->authenticator_data, expected);
        if (cred) break;
    }
    if (!cred) return misfit("the key is of no kind that was offered");
    credential.id = text_of(fido_cred_id_ptr(cred.get()), fido_cred_id_len(cred.get()));
    if (credential.id.empty() || credential.id.size() > longest_id || credential.id != made.credential_id)
        return misfit("the credential id does not fit");
    credential.public_key = text_of(fido_cred_pubkey_ptr(cred.get()), fido_cred_pubkey_len(cred.get()));
    if (!is_usable_key(credential.algorithm, credential.public_key)) return misfit("the key cannot be used");
    if (!statement_fits(cred.get(), *attestation)) return misfit("the attestation does not fit");
    credential.counter = counter_of(attestation->authenticator_data);
    credential.backup_eligible = flags->backup_eligible;
    return credential;
}

Result<std::uint32_t> verify_assertion(const Assertion& shown, const Credential& known,
                                       std::string_view user_handle, const Expected& expected) {
    if (shown.credential_id != known.id) return misfit("the credential does not fit");
    if (shown.user_handle.empty() || shown.user_handle != user_handle)
        return misfit("the user handle does not fit");
    if (auto fault = fault_of_client_data(shown.client_data, "webauthn.get", expected)) return *fault;
    const auto flags = read_flags(shown.authenticator_data, expected.party);
    if (!flags) return flags.error();
    if (flags->backup_eligible != known.backup_eligible)
        return misfit("whether it can be backed up has changed");
    if (!signature_fits(shown, known, expected.party)) return misfit("the signature does not fit");
    const auto counter = counter_of(shown.authenticator_data);
    if (!counter_fits(known.counter, counter)) return misfit("the counter went backwards");
    return counter;
}

}  // namespace bb::webauthn
