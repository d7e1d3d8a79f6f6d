#include "features/accounts/routes.hpp"

#include <memory>

#include "features/accounts/route_table.hpp"

namespace bb::accounts {
namespace {

using http::Access;
using http::Method;
constexpr auto user_schema =
    R"({"type":"object","required":["id","email","name","role","language","theme","createdAt"],"properties":{)"
    R"("id":{"type":"string","format":"uuid"},"email":{"type":"string"},"name":{"type":"string"},)"
    R"("role":{"enum":["student","teacher","administrator"]},"language":{"enum":["en","fil"]},)"
    R"("theme":{"enum":["light","dark","system"]},"createdAt":{"type":"string","format":"date-time"}}})";
constexpr auto session_schema =
    R"({"type":"object","required":["user","tutor","signIn","setupNeeded","version","passkeyOrigins"],"properties":{)"
    R"("user":{"type":["object","null"]},"tutor":{"type":"object","required":["mode","model"],"properties":{)"
    R"("mode":{"enum":["model","extractive"]},"model":{"type":["string","null"]}}},)"
    R"("signIn":{"type":"object","required":["github"],"properties":{"github":{"type":"boolean"}}},)"
    R"("setupNeeded":{"type":"boolean"},"version":{"type":"string"},)"
    R"("passkeyOrigins":{"type":"array","items":{"type":"string"}},"erasureUndone":{"type":"boolean"}}})";
constexpr auto sessions_schema =
    R"({"type":"object","required":["sessions"],"properties":{"sessions":{"type":"array","items":{"type":"object",)"
    R"("required":["id","current","device","network","createdAt","lastSeenAt","expiresAt"]}}}})";
constexpr auto code_request_schema =
    R"({"type":"object","required":["email"],"additionalProperties":false,"properties":{)"
    R"("email":{"type":"string","maxLength":254},"language":{"enum":["en","fil"]}}})";
constexpr auto delivery_schema =
    R"({"type":"object","required":["delivery"],"properties":{"delivery":{"enum":["smtp","outbox"]}}})";
constexpr auto code_schema =
    R"({"type":"object","required":["email","code"],"additionalProperties":false,"properties":{)"
    R"("email":{"type":"string","maxLength":254},"code":{"type":"string","pattern":"^[0-9]{6}$"}}})";
constexpr auto link_schema =
    R"({"type":"object","required":["token"],"additionalProperties":false,"properties":{)"
    R"("token":{"type":"string","maxLength":200}}})";
constexpr auto code_alone_schema =
    R"({"type":"object","required":["code"],"additionalProperties":false,"properties":{)"
    R"("code":{"type":"string","pattern":"^[0-9]{6}$"}}})";
constexpr auto setup_schema =
    R"({"type":"object","required":["token","email","name"],"additionalProperties":false,"properties":{)"
    R"("token":{"type":"string","maxLength":200},"email":{"type":"string","maxLength":254},)"
    R"("name":{"type":"string","minLength":1,"maxLength":80}}})";
constexpr auto profile_schema =
    R"({"type":"object","additionalProperties":false,"properties":{)"
    R"("name":{"type":"string","minLength":1,"maxLength":80},"language":{"enum":["en","fil"]},)"
    R"("theme":{"enum":["light","dark","system"]}}})";

constexpr auto claim_schema =
    R"({"type":"object","required":["email","login","delivery"],"properties":{)"
    R"("email":{"type":"string"},"login":{"type":"string"},"delivery":{"enum":["smtp","outbox"]}}})";
constexpr auto claim_code_schema =
    R"({"type":"object","required":["code"],"additionalProperties":false,"properties":{)"
    R"("code":{"type":"string","pattern":"^[0-9]{6}$"}}})";
constexpr auto identities_schema =
    R"({"type":"object","required":["identities"],"properties":{"identities":{"type":"array","items":{)"
    R"("type":"object","required":["provider","login","createdAt","lastUsedAt"]}}}})";
constexpr auto location_schema =
    R"({"type":"object","required":["location"],"properties":{"location":{"type":"string"}}})";

constexpr auto key_schema =
    R"({"type":"object","required":["id","name","scopes","start","createdAt","expiresAt","lastUsedAt","lastUsedNetwork"]})";
constexpr auto keys_schema =
    R"({"type":"object","required":["keys"],"properties":{"keys":{"type":"array","items":{"type":"object",)"
    R"("required":["id","name","scopes","start","createdAt","expiresAt","lastUsedAt","lastUsedNetwork"]}}}})";
constexpr auto new_key_schema =
    R"({"type":"object","required":["name","scopes"],"additionalProperties":false,"properties":{)"
    R"("name":{"type":"string","minLength":1,"maxLength":80},)"
    R"("scopes":{"type":"array","minItems":1,"items":{"enum":["read","write","admin"]}},)"
    R"("days":{"type":"integer","minimum":1,"maximum":366,"default":90}}})";

constexpr auto address_schema =
    R"({"type":"object","required":["email"],"additionalProperties":false,"properties":{)"
    R"("email":{"type":"string","maxLength":254}}})";
constexpr auto notices_schema = R"({"type":"object","required":["newDevice","weekly"],"properties":{)"
                                R"("newDevice":{"type":"boolean"},"weekly":{"type":"boolean"}}})";
constexpr auto notice_change_schema = R"({"type":"object","additionalProperties":false,"properties":{)"
                                      R"("newDevice":{"type":"boolean"},"weekly":{"type":"boolean"}}})";

constexpr AccountRoute own_routes[] = {
    {Method::get, "/api/session", show_session, Access::open,
     "Who is signed in, and what this installation offers", "", session_schema, 200},
    {Method::post, "/api/auth/email", request_code, Access::open, "Mail a sign-in code and link",
     code_request_schema, delivery_schema, 202},
    {Method::post, "/api/auth/code", enter_code, Access::open, "Sign in with a mailed code", code_schema, "",
     204},
    {Method::post, "/api/auth/link", enter_link, Access::open, "Sign in with a mailed link", link_schema, "",
     204},
    {Method::post, "/api/auth/setup", set_up, Access::open, "Become the first administrator", setup_schema,
     "", 204},
    {Method::get, "/api/auth/github", begin_github, Access::open, "Go to GitHub to sign in", "", "", 303},
    {Method::get, "/api/auth/github/callback", finish_github, Access::open,
     "Where GitHub sends the browser back to", "", "", 303},
    {Method::get, "/api/auth/github/claim", show_claim, Access::open,
     "The GitHub account that waits for the code of its address", "", claim_schema, 200},
    {Method::post, "/api/auth/github/claim", confirm_claim, Access::open,
     "Link the waiting GitHub account with a mailed code, and sign in", claim_code_schema, "", 204},
    {Method::post, "/api/auth/sign-out", sign_out, Access::open, "End the session", "", "", 204},
    {Method::post, "/api/auth/invitation", enter_invitation, Access::open, "Take up an invitation",
     link_schema, "", 204},
    {Method::post, "/api/auth/reauthenticate", prove_again, Access::signed_in,
     "Prove again, with a mailed code, who holds the session", code_alone_schema, "", 204},
    {Method::get, "/api/me", show_me, Access::signed_in, "Oneself", "", user_schema, 200},
    {Method::patch, "/api/me", change_me, Access::signed_in, "Change name, language or theme", profile_schema,
     user_schema, 200},
    {Method::post, "/api/me/address", ask_address, Access::signed_in,
     "Mail a code to the address one wants to change to", address_schema, delivery_schema, 202},
    {Method::post, "/api/me/address/confirm", confirm_address, Access::signed_in,
     "Change the address with the code that was mailed there; other sessions end", code_alone_schema, "",
     204},
    {Method::get, "/api/me/notices", show_notices, Access::signed_in, "Which notices one gets by mail", "",
     notices_schema, 200},
    {Method::patch, "/api/me/notices", change_notices, Access::signed_in,
     "Say which notices one wants by mail", notice_change_schema, notices_schema, 200},
    {Method::post, "/api/mail/unsubscribe", stop_notices, Access::open,
     "End notices of a kind with the token of one of them (RFC 8058)", "", "", 204},
    {Method::get, "/api/me/identities", list_identities, Access::signed_in,
     "Accounts elsewhere that sign one in here", "", identities_schema, 200},
    {Method::post, "/api/me/identities/github", begin_link, Access::signed_in,
     "Where to go to link a GitHub account", "", location_schema, 200},
    {Method::del, "/api/me/identities/github", unlink_github, Access::signed_in,
     "Take the link to the GitHub account away", "", "", 204},
    {Method::get, "/api/keys", list_keys, Access::signed_in, "One's API keys, newest first", "", keys_schema,
     200},
    {Method::post, "/api/keys", make_key, Access::signed_in,
     "Make an API key; only this answer holds its token", new_key_schema, key_schema, 201},
    {Method::del, "/api/keys/{id}", revoke_key, Access::signed_in, "Revoke an API key", "", "", 204},
    {Method::get, "/api/sessions", list_sessions, Access::signed_in, "Where one is signed in", "",
     sessions_schema, 200},
    {Method::del, "/api/sessions", end_other_sessions, Access::signed_in, "Sign out everywhere else", "", "",
     204},
    {Method::del, "/api/sessions/{id}", end_session, Access::signed_in, "Sign out in one place", "", "", 204},
};

}  // namespace

void bind_routes(http::Router& router, Services services) {
    const auto shared = std::make_shared<Services>(std::move(services));
    add_routes(router, own_routes, shared);
    bind_administration_routes(router, shared);
    bind_passkey_routes(router, shared);
    bind_privacy_routes(router, shared);
}

}  // namespace bb::accounts
