#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace bb::webauthn {

/// Who we are to a browser and its authenticators (WebAuthn Level 3, "Relying Party").
struct RelyingParty {
    std::string id;      // the host: a passkey works for this alone
    std::string origin;  // the one origin whose pages may use it
};

/// The relying parties of our own addresses, without repetition. An address whose host is an IP address has
/// none, and neither has one that browsers do not take for a secure context: http other than on localhost.
std::vector<RelyingParty> relying_parties(const std::vector<std::string>& urls);

/// The one of this origin, or null.
const RelyingParty* find_party(const std::vector<RelyingParty>& parties, std::string_view origin);

}  // namespace bb::webauthn
