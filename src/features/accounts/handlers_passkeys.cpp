#include "base/core/base64url.hpp"
#include "base/core/json_writer.hpp"
#include "features/accounts/cookie.hpp"
#include "features/accounts/handlers.hpp"
#include "features/accounts/passkey_input.hpp"
#include "features/accounts/passkeys.hpp"
#include "features/accounts/secrets.hpp"
#include "services/access/origin.hpp"
#include "services/audit/audit.hpp"

namespace bb::accounts {
namespace {

constexpr int ceremony_milliseconds = 5 * 60 * 1000;

Passkeys passkeys_of(Services& services) {
    return {services.db, services.secret, services.parties};
}

/// The relying party of the page that asks; null when its address has no passkeys. What is no browser gets
/// the public one.
const webauthn::RelyingParty* party_of(const http::Request& request, const Services& services) {
    const auto origin = request.header("origin");
    if (!origin.empty()) return webauthn::find_party(services.parties, access::origin_of_url(origin));
    return services.parties.empty() ? nullptr : &services.parties.front();
}

Error no_passkeys_here() {
    return {
        ErrorCode::not_found,
        "There are no passkeys at this address: they need https and a name that is no number, or localhost."};
}

void write_passkey(JsonWriter& json, const Passkey& passkey) {
    json.object()
        .field("id", passkey.id)
        .field("name", passkey.name)
        .field("site", passkey.site)
        .field("createdAt", passkey.created_at)
        .field("lastUsedAt", passkey.last_used_at)
        .end();
}

void write_credential(JsonWriter& json, const KnownCredential& known) {
    json.object().field("type", "public-key").field("id", crypto::base64url(known.id));
    json.key("transports").array();
    for (const auto& transport : known.transports) json.value(transport);
    json.end().end();
}

/// PublicKeyCredentialCreationOptionsJSON. A passkey that could not be used to sign in is not to be made:
/// it must be discoverable and verify its user.
std::string creation_json(const CreationOptions& options) {
    JsonWriter json;
    json.object().field("challenge", options.challenge).field("timeout", ceremony_milliseconds);
    json.key("rp").object().field("id", options.party.id).field("name", "BrainBytes").end();
    json.key("user").object().field("id", crypto::base64url(user_handle_of(options.owner)));
    json.field("name", options.email).field("displayName", options.name).end();
    json.key("pubKeyCredParams").array();
    for (const int algorithm : webauthn::algorithms)
        json.object().field("type", "public-key").field("alg", algorithm).end();
    json.end().key("excludeCredentials").array();
    for (const auto& known : options.existing) write_credential(json, known);
    json.end().key("authenticatorSelection").object();
    json.field("residentKey", "required").field("requireResidentKey", true);
    json.field("userVerification", "required").end();
    json.field("attestation", "none").end();
    return json.take();
}

/// PublicKeyCredentialRequestOptionsJSON.
std::string request_json(const webauthn::RelyingParty& party, std::string_view challenge) {
    JsonWriter json;
    json.object().field("challenge", challenge).field("timeout", ceremony_milliseconds);
    json.field("rpId", party.id).key("allowCredentials").array().end();
    json.field("userVerification", "required").end();
    return json.take();
}

http::Response passkey_response(const http::Request& request, const Passkey& passkey) {
    JsonWriter json;
    write_passkey(json, passkey);
    return http::tagged(request, http::json_response(json.take()), passkey_mark(passkey));
}

std::string added_json(const AddedPasskey& added) {
    JsonWriter json;
    json.object().key("passkey");
    write_passkey(json, added.passkey);
    json.key("recoveryCodes");
    if (added.recovery_codes.empty()) {
        json.null();
    } else {
        json.array();
        for (const auto& code : added.recovery_codes) json.value(code);
        json.end();
    }
    json.end();
    return json.take();
}

}  // namespace

Answer passkey_options(http::Request& request, Services& services) {
    const auto* party = party_of(request, services);
    if (party == nullptr) co_return no_passkeys_here();
    const auto owner = owner_of(request);
    if (const auto proof = co_await check_proof(request, services); !proof) co_return proof.error();
    auto passkeys = passkeys_of(services);
    const auto options = co_await passkeys.begin_adding(owner, session_of(request), *party);
    if (!options) co_return options.error();
    co_return http::json_response(creation_json(*options));
}

Answer add_passkey(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto input = parse_new_passkey(*body, client_of(request).device);
    if (!input) co_return input.error();
    const auto owner = owner_of(request);
    if (const auto proof = co_await check_proof(request, services); !proof) co_return proof.error();
    auto passkeys = passkeys_of(services);
    const auto added = co_await passkeys.add(owner, session_of(request), *input, audit::origin_of(request));
    if (!added) co_return added.error();
    co_return http::created(added_json(*added), "/api/passkeys/" + added->passkey.id.text());
}

Answer list_passkeys(http::Request& request, Services& services) {
    auto passkeys = passkeys_of(services);
    const auto list = co_await passkeys.list(owner_of(request));
    JsonWriter json;
    json.object().key("passkeys").array();
    for (const auto& passkey : list) write_passkey(json, passkey);
    json.end().end();
    co_return http::with_etag(request, http::json_response(json.take()));
}

Answer show_passkey(http::Request& request, Services& services) {
    const auto id = request.path_id<PasskeyId>("id", "passkey");
    if (!id) co_return id.error();
    auto passkeys = passkeys_of(services);
    const auto passkey = co_await passkeys.find(owner_of(request), *id);
    if (!passkey) co_return passkey.error();
    co_return passkey_response(request, *passkey);
}

Answer rename_passkey(http::Request& request, Services& services) {
    const auto id = request.path_id<PasskeyId>("id", "passkey");
    if (!id) co_return id.error();
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto name = parse_passkey_name(*body);
    if (!name) co_return name.error();
    auto passkeys = passkeys_of(services);
    const auto passkey = co_await passkeys.rename(owner_of(request), *id, *name, http::IfMatch::of(request));
    if (!passkey) co_return passkey.error();
    co_return passkey_response(request, *passkey);
}

Answer remove_passkey(http::Request& request, Services& services) {
    const auto id = request.path_id<PasskeyId>("id", "passkey");
    if (!id) co_return id.error();
    const auto owner = owner_of(request);
    if (const auto proof = co_await check_proof(request, services); !proof) co_return proof.error();
    auto passkeys = passkeys_of(services);
    const auto removed = co_await passkeys.remove(owner, *id, audit::origin_of(request));
    if (!removed) co_return removed.error();
    co_return http::no_content();
}

Answer passkey_sign_in_options(http::Request& request, Services& services) {
    const auto* party = party_of(request, services);
    if (party == nullptr) co_return no_passkeys_here();
    // One browser may have several pages of this open: its token stays, so that each has its challenge.
    std::string browser(browser_token_of(request));
    if (!token_hash(browser)) browser = crypto::random_token();
    auto passkeys = passkeys_of(services);
    const auto challenge = co_await passkeys.begin_sign_in(*token_hash(browser), *party);
    auto response = http::json_response(request_json(*party, challenge));
    response.header("Set-Cookie", set_browser_cookie(browser, uses_https(request, services)));
    co_return response;
}

Answer enter_passkey(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto shown = parse_assertion(*body);
    if (!shown) co_return shown.error();
    if (auto refused = co_await refuse_try(request, services, "passkey")) co_return std::move(*refused);
    const auto browser = token_hash(browser_token_of(request));
    if (!browser) {
        count_sign_in(services, "passkey", SignInCounts::failed);
        co_return Error(ErrorCode::unauthenticated,
                        "This browser did not ask for a passkey, or more than five minutes ago. Try again.");
    }
    auto passkeys = passkeys_of(services);
    auto session = co_await passkeys.sign_in(*browser, *shown, client_of(request));
    co_return co_await welcome(request, services, std::move(session), "passkey");
}

}  // namespace bb::accounts
