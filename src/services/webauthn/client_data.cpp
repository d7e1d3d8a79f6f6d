#include <boost/json/object.hpp>

#include "base/core/json_reader.hpp"
#include "services/webauthn/parts.hpp"

namespace bb::webauthn {
namespace {

constexpr std::uint8_t user_present = 0x01;
constexpr std::uint8_t user_verified = 0x04;
constexpr std::uint8_t backup_eligible = 0x08;
constexpr std::uint8_t backed_up = 0x10;
constexpr std::uint8_t attested_credential = 0x40;
constexpr std::size_t hash_size = 32;
constexpr std::size_t shortest = 37;  // hash, flags, counter

/// A member that is text, or empty.
std::string_view text_of(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains({name.data(), name.size()});
    const auto* text = value ? value->if_string() : nullptr;
    return text ? std::string_view(text->data(), text->size()) : std::string_view();
}

std::string_view view(const crypto::Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

std::optional<crypto::Digest> challenge_hash_of(std::string_view client_data) {
    const auto json = parse_json(client_data);
    const auto* object = json ? json->if_object() : nullptr;
    const auto challenge = object ? text_of(*object, "challenge") : std::string_view();
    if (challenge.empty()) return std::nullopt;
    return crypto::sha256(challenge);
}

std::optional<Error> fault_of_client_data(std::string_view client_data, std::string_view type,
                                          const Expected& expected) {
    const auto json = parse_json(client_data);
    const auto* object = json ? json->if_object() : nullptr;
    if (object == nullptr) return misfit("the client data is not a JSON object");
    if (text_of(*object, "type") != type) return misfit("the type does not fit");
    const auto challenge = crypto::sha256(text_of(*object, "challenge"));
    if (!crypto::equal(view(challenge), view(expected.challenge_hash)))
        return misfit("the challenge does not fit");
    if (text_of(*object, "origin") != expected.party.origin) return misfit("the origin does not fit");
    const auto* crossed = object->if_contains("crossOrigin");
    if (crossed != nullptr && !(crossed->is_bool() && !crossed->get_bool()))
        return misfit("it was made within a page of another origin");
    if (object->contains("topOrigin")) return misfit("it was made within a page of another origin");
    return std::nullopt;
}

Result<AuthenticatorFlags> read_flags(std::string_view authenticator_data, const RelyingParty& party) {
    if (authenticator_data.size() < shortest) return misfit("the authenticator data is too short");
    if (!crypto::equal(authenticator_data.substr(0, hash_size), view(crypto::sha256(party.id))))
        return misfit("the relying party does not fit");
    const auto flags = static_cast<std::uint8_t>(authenticator_data[hash_size]);
    if (!(flags & user_present)) return misfit("the user was not present");
    if (!(flags & user_verified)) return misfit("the user was not verified");
    if ((flags & backed_up) && !(flags & backup_eligible)) return misfit("the backup flags do not agree");
    AuthenticatorFlags read;
    read.backup_eligible = flags & backup_eligible;
    read.has_credential = flags & attested_credential;
    return read;
}

}  // namespace bb::webauthn
