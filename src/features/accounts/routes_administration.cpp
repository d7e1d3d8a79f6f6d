#include "features/accounts/route_table.hpp"

namespace bb::accounts {
namespace {

using http::Access;
using http::Method;

constexpr auto person_schema =
    R"({"type":"object","required":["id","email","name","role","state","storageBytes","tokensToday","tokensMonth","createdAt","lastSeenAt",)"
    R"("suspendedAt","language","sessions","materials","files","chats"],"properties":{)"
    R"("id":{"type":"string","format":"uuid"},"email":{"type":"string"},"name":{"type":"string"},)"
    R"("role":{"enum":["student","teacher","administrator"]},"state":{"enum":["active","suspended"]},)"
    R"("storageBytes":{"type":"integer"},"tokensToday":{"type":"integer"},"tokensMonth":{"type":"integer"},)"
    R"("createdAt":{"type":"string","format":"date-time"},)"
    R"("lastSeenAt":{"type":["string","null"]},"suspendedAt":{"type":["string","null"]}}})";
constexpr auto people_schema =
    R"({"type":"object","required":["people","next"],"properties":{"people":{"type":"array","items":{"type":"object",)"
    R"("required":["id","email","name","role","state","storageBytes","tokensToday","tokensMonth","createdAt","lastSeenAt"]}},)"
    R"("next":{"type":["string","null"]}}})";
constexpr auto person_change_schema =
    R"({"type":"object","additionalProperties":false,"properties":{)"
    R"("role":{"enum":["student","teacher","administrator"]},"state":{"enum":["active","suspended"]}}})";
constexpr auto policy_schema =
    R"({"type":"object","required":["signUp"],"additionalProperties":false,"properties":{)"
    R"("signUp":{"enum":["open","invited","domains"]},)"
    R"("domains":{"type":"array","maxItems":50,"items":{"type":"string"}}}})";
constexpr auto invitation_schema =
    R"({"type":"object","required":["id","email","role","language","state","invitedBy","createdAt","expiresAt"],)"
    R"("properties":{"state":{"enum":["open","accepted","revoked","expired"]}}})";
constexpr auto invitations_schema =
    R"({"type":"object","required":["invitations","next"],"properties":{"invitations":{"type":"array",)"
    R"("items":{"type":"object"}},"next":{"type":["string","null"]}}})";
constexpr auto new_invitation_schema =
    R"({"type":"object","required":["email","role"],"additionalProperties":false,"properties":{)"
    R"("email":{"type":"string","maxLength":254},"role":{"enum":["student","teacher","administrator"]},)"
    R"("language":{"enum":["en","fil"]}}})";
constexpr auto storage_schema =
    R"({"type":"object","required":["people","suspended","materials","files","fileBytes","databaseBytes"]})";
constexpr auto usage_schema =
    R"({"type":"object","required":["today","personLimit","days"],"properties":{"today":{"type":"object",)"
    R"("required":["used","limit","resetsAt"]},"personLimit":{"type":["integer","null"]},"days":{"type":"array",)"
    R"("items":{"type":"object","required":["day","tokens"],"properties":{)"
    R"("day":{"type":"string","format":"date"},"tokens":{"type":"integer"}}}}}})";
constexpr auto mail_test_schema =
    R"({"type":"object","required":["to","delivery","delivered","detail"],"properties":{)"
    R"("to":{"type":"string"},"delivery":{"enum":["smtp","outbox"]},"delivered":{"type":"boolean"},)"
    R"("detail":{"type":"string"}}})";
constexpr auto audit_schema =
    R"({"type":"object","required":["entries","next"],"properties":{"entries":{"type":"array","items":{"type":"object",)"
    R"("required":["seq","at","actor","action","subject","network","requestId","details"]}},)"
    R"("next":{"type":["string","null"]}}})";

constexpr AccountRoute administration_routes[] = {
    {Method::get, "/api/admin/people", list_people, Access::administrator, "Everybody who has an account", "",
     people_schema, 200},
    {Method::get, "/api/admin/people/{id}", show_person, Access::administrator, "One person's record", "",
     person_schema, 200},
    {Method::patch, "/api/admin/people/{id}", change_person, Access::administrator,
     "Change a person's role, suspend them or end that", person_change_schema, person_schema, 200},
    {Method::get, "/api/admin/policy", show_policy, Access::administrator, "Who may make an account", "",
     policy_schema, 200},
    {Method::patch, "/api/admin/policy", change_sign_up, Access::administrator, "Say who may make an account",
     policy_schema, policy_schema, 200},
    {Method::get, "/api/admin/invitations", list_invitations, Access::administrator,
     "Invitations, newest first", "", invitations_schema, 200},
    {Method::post, "/api/admin/invitations", invite, Access::administrator, "Invite somebody by mail",
     new_invitation_schema, invitation_schema, 201, true},
    {Method::get, "/api/admin/invitations/{id}", show_invitation, Access::administrator, "One invitation", "",
     invitation_schema, 200},
    {Method::del, "/api/admin/invitations/{id}", revoke_invitation, Access::administrator,
     "Withdraw an invitation", "", "", 204},
    {Method::get, "/api/admin/storage", show_storage, Access::administrator, "How much is stored", "",
     storage_schema, 200},
    {Method::get, "/api/admin/usage", show_usage, Access::administrator,
     "The tokens of the language model that all people used, by day", "", usage_schema, 200},
    {Method::post, "/api/admin/mail-test", test_mail, Access::administrator,
     "Send a mail to oneself, and see", "", mail_test_schema, 200},
    {Method::get, "/api/admin/audit", list_audit, Access::administrator, "The audit log, newest first", "",
     audit_schema, 200},
};

}  // namespace

void bind_administration_routes(http::Router& router, const std::shared_ptr<Services>& shared) {
    add_routes(router, administration_routes, shared);
}

}  // namespace bb::accounts
