#include "features/accounts/route_table.hpp"

namespace bb::accounts {
namespace {

using http::Access;
using http::Method;

constexpr auto creation_schema =
    R"({"type":"object","description":"PublicKeyCredentialCreationOptionsJSON of WebAuthn Level 3",)"
    R"("required":["challenge","rp","user","pubKeyCredParams","excludeCredentials","authenticatorSelection"]})";
constexpr auto request_schema =
    R"({"type":"object","description":"PublicKeyCredentialRequestOptionsJSON of WebAuthn Level 3",)"
    R"("required":["challenge","rpId","userVerification"]})";
constexpr auto new_passkey_schema =
    R"({"type":"object","required":["credential"],"additionalProperties":false,"properties":{)"
    R"("name":{"type":"string","minLength":1,"maxLength":80},)"
    R"("credential":{"type":"object","description":"RegistrationResponseJSON of WebAuthn Level 3"}}})";
constexpr auto assertion_schema =
    R"({"type":"object","required":["credential"],"additionalProperties":false,"properties":{)"
    R"("credential":{"type":"object","description":"AuthenticationResponseJSON of WebAuthn Level 3"}}})";
constexpr auto passkey_schema =
    R"({"type":"object","required":["id","name","site","createdAt","lastUsedAt"],"properties":{)"
    R"("id":{"type":"string","format":"uuid"},"name":{"type":"string"},"site":{"type":"string"},)"
    R"("createdAt":{"type":"string","format":"date-time"},"lastUsedAt":{"type":["string","null"]}}})";
constexpr auto added_schema =
    R"({"type":"object","required":["passkey","recoveryCodes"],"properties":{"passkey":{"type":"object"},)"
    R"("recoveryCodes":{"type":["array","null"],"items":{"type":"string"}}}})";
constexpr auto passkeys_schema =
    R"({"type":"object","required":["passkeys"],"properties":{"passkeys":{"type":"array","items":{)"
    R"("type":"object","required":["id","name","site","createdAt","lastUsedAt"]}}}})";
constexpr auto name_schema =
    R"({"type":"object","required":["name"],"additionalProperties":false,"properties":{)"
    R"("name":{"type":"string","minLength":1,"maxLength":80}}})";
constexpr auto standing_schema =
    R"({"type":"object","required":["left","createdAt"],"properties":{"left":{"type":"integer"},)"
    R"("createdAt":{"type":["string","null"]}}})";
constexpr auto codes_schema = R"({"type":"object","required":["recoveryCodes"],"properties":{)"
                              R"("recoveryCodes":{"type":"array","items":{"type":"string"}}}})";
constexpr auto recovery_schema =
    R"({"type":"object","required":["email","code"],"additionalProperties":false,"properties":{)"
    R"("email":{"type":"string","maxLength":254},"code":{"type":"string","maxLength":80}}})";
constexpr auto recovered_schema =
    R"({"type":"object","required":["recoveryCodesLeft"],"properties":{"recoveryCodesLeft":{"type":"integer"}}})";

constexpr AccountRoute passkey_table[] = {
    {Method::post, "/api/passkeys/options", passkey_options, Access::signed_in, "Begin to add a passkey", "",
     creation_schema, 200},
    {Method::post, "/api/passkeys", add_passkey, Access::signed_in, "Add the passkey that a browser made",
     new_passkey_schema, added_schema, 201},
    {Method::get, "/api/passkeys", list_passkeys, Access::signed_in, "One's passkeys", "", passkeys_schema,
     200},
    {Method::get, "/api/passkeys/{id}", show_passkey, Access::signed_in, "One passkey", "", passkey_schema,
     200},
    {Method::patch, "/api/passkeys/{id}", rename_passkey, Access::signed_in, "Rename a passkey", name_schema,
     passkey_schema, 200},
    {Method::del, "/api/passkeys/{id}", remove_passkey, Access::signed_in, "Remove a passkey", "", "", 204},
    {Method::get, "/api/recovery-codes", show_recovery_codes, Access::signed_in,
     "How many recovery codes are left", "", standing_schema, 200},
    {Method::post, "/api/recovery-codes", renew_recovery_codes, Access::signed_in,
     "Make new recovery codes; the old ones are void", "", codes_schema, 200},
    {Method::post, "/api/auth/passkey/options", passkey_sign_in_options, Access::open,
     "Begin to sign in with a passkey", "", request_schema, 200},
    {Method::post, "/api/auth/passkey", enter_passkey, Access::open, "Sign in with a passkey",
     assertion_schema, "", 204},
    {Method::post, "/api/auth/recovery", enter_recovery_code, Access::open, "Sign in with a recovery code",
     recovery_schema, recovered_schema, 200},
};

}  // namespace

void bind_passkey_routes(http::Router& router, const std::shared_ptr<Services>& shared) {
    add_routes(router, passkey_table, shared);
}

}  // namespace bb::accounts
