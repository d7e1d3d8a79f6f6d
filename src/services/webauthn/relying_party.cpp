#include "services/webauthn/relying_party.hpp"

#include <boost/asio/ip/address.hpp>

namespace bb::webauthn {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

/// `http://localhost:3000` as browsers write an origin; empty when it has no passkeys.
RelyingParty party_of(std::string_view url) {
    const auto mark = url.find("://");
    if (mark == std::string_view::npos) return {};
    const auto scheme = lower(url.substr(0, mark));
    auto authority = lower(url.substr(mark + 3));
    authority = authority.substr(0, authority.find('/'));
    const std::string_view own_port = scheme == "https" ? ":443" : ":80";
    if (authority.ends_with(own_port)) authority.erase(authority.size() - own_port.size());

    const auto host = authority.substr(0, authority.find(':'));  // of "[::1]" a "[", which is no host
    boost::system::error_code no_address;
    boost::asio::ip::make_address(host, no_address);
    if (host.empty() || host.front() == '[' || !no_address) return {};
    if (scheme != "https" && !(scheme == "http" && host == "localhost")) return {};
    return {host, scheme + "://" + authority};
}

}  // namespace

std::vector<RelyingParty> relying_parties(const std::vector<std::string>& urls) {
    std::vector<RelyingParty> parties;
    for (const auto& url : urls) {
        auto party = party_of(url);
        if (!party.id.empty() && find_party(parties, party.origin) == nullptr)
            parties.push_back(std::move(party));
    }
    return parties;
}

const RelyingParty* find_party(const std::vector<RelyingParty>& parties, std::string_view origin) {
    for (const auto& party : parties)
        if (party.origin == origin) return &party;
    return nullptr;
}

}  // namespace bb::webauthn
