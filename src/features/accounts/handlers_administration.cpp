#include "base/core/json_writer.hpp"
#include "base/core/number.hpp"
#include "features/accounts/administration.hpp"
#include "features/accounts/cookie.hpp"
#include "features/accounts/handlers.hpp"
#include "features/accounts/input.hpp"
#include "features/accounts/invitations.hpp"
#include "features/accounts/people.hpp"
#include "features/accounts/policy.hpp"
#include "services/audit/log.hpp"
#include "services/mail/templates.hpp"

namespace bb::accounts {
namespace {

/// Begins the object of a person; the caller ends it.
void write_row(JsonWriter& json, const PersonRow& row, const access::PersonTokens& tokens) {
    json.object()
        .field("id", row.user.id)
        .field("email", row.user.email)
        .field("name", row.user.name)
        .field("role", row.user.role)
        .field("state", row.user.state())
        .field("storageBytes", row.storage_bytes)
        .field("tokensToday", tokens.today)
        .field("tokensMonth", tokens.month)
        .field("createdAt", row.user.created_at)
        .field("lastSeenAt", row.user.last_seen_at);
}

Task<std::string> record_json(Services& services, PersonRecord record) {
    const std::vector people{record.row.user.id.value};
    auto tokens = co_await services.budget.use_of(people);
    JsonWriter json;
    write_row(json, record.row, tokens[record.row.user.id.value]);
    json.field("suspendedAt", record.row.user.suspended_at)
        .field("language", record.row.user.language)
        .field("sessions", record.sessions)
        .field("materials", record.materials)
        .field("files", record.files)
        .field("chats", record.chats);
    co_return json.end().take();
}

std::string policy_json(const Policy& policy) {
    JsonWriter json;
    json.object().field("signUp", policy.sign_up).key("domains").array();
    for (const auto& domain : policy.domains) json.value(domain);
    return json.end().end().take();
}

void write_invitation(JsonWriter& json, const Invitation& invitation) {
    json.object()
        .field("id", invitation.id)
        .field("email", invitation.email)
        .field("role", invitation.role)
        .field("language", invitation.language)
        .field("state", invitation.state)
        .field("invitedBy", invitation.invited_by)
        .field("createdAt", invitation.created_at)
        .field("expiresAt", invitation.expires_at)
        .end();
}

/// A limit as JSON has it: null where there is none.
std::optional<std::int64_t> limit_of(std::int64_t tokens) {
    if (tokens == 0) return std::nullopt;
    return tokens;
}

Task<http::Response> record_response(const http::Request& request, Services& services, PersonRecord record) {
    const auto mark = standing_mark(record.row.user.role, record.row.user.suspended_at.has_value());
    auto json = co_await record_json(services, std::move(record));
    co_return http::tagged(request, http::json_response(std::move(json)), mark);
}

http::Response policy_response(const http::Request& request, const Policy& policy) {
    return http::tagged(request, http::json_response(policy_json(policy)), policy_mark(policy));
}

Result<audit::Filter> parse_audit_query(const http::Request& request, const http::PageQuery& page) {
    audit::Filter filter;
    filter.action = request.query("action").value_or("");
    if (filter.action.size() > 80 ||
        filter.action.find_first_not_of("abcdefghijklmnopqrstuvwxyz_.") != std::string::npos)
        return bad_field("?action", "must be the beginning of an action's name");
    if (const auto actor = request.query("actor")) {
        filter.person = Uuid::parse(*actor);
        if (!filter.person) return bad_field("?actor", "must be the id of a person");
    }
    if (!page.after) return filter;
    filter.before = parse_number(*page.after);
    if (!filter.before || *filter.before < 1) return bad_field("?after", "is not a cursor of this list");
    return filter;
}

}  // namespace

Answer list_people(http::Request& request, Services& services) {
    const auto query = parse_people_query(request);
    if (!query) co_return query.error();
    Administration administration(services.db);
    const auto page = co_await administration.list(*query);
    std::vector<Uuid> ids;
    for (const auto& row : page.people) ids.push_back(row.user.id.value);
    auto tokens = co_await services.budget.use_of(ids);
    JsonWriter json(64 + page.people.size() * 300);
    json.object().key("people").array();
    for (const auto& row : page.people) {
        write_row(json, row, tokens[row.user.id.value]);
        json.end();
    }
    json.end().key("next");
    page.more ? json.value(page.people.back().user.id) : json.null();
    co_return http::with_etag(request, http::json_response(json.end().take()));
}

Answer show_person(http::Request& request, Services& services) {
    const auto id = request.path_id<UserId>("id", "person");
    if (!id) co_return id.error();
    Administration administration(services.db);
    const auto record = co_await administration.view(*id, audit::origin_of(request));
    if (!record) co_return record.error();
    co_return co_await record_response(request, services, *record);
}

Answer change_person(http::Request& request, Services& services) {
    const auto id = request.path_id<UserId>("id", "person");
    if (!id) co_return id.error();
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto change = parse_person_change(*body);
    if (!change) co_return change.error();
    if (const auto proof = co_await check_proof(request, services); !proof) co_return proof.error();
    Administration administration(services.db);
    const auto condition = http::IfMatch::of(request);
    const auto changed = co_await administration.change(*id, *change, condition, audit::origin_of(request),
                                                        client_of(request));
    if (!changed) co_return changed.error();
    if (changed->ended_sessions) forget_everywhere(services, *id);
    auto response = co_await record_response(request, services, changed->record);
    if (changed->session)
        response.header("Set-Cookie", set_cookie(changed->session->token, uses_https(request, services)));
    co_return response;
}

Answer show_policy(http::Request& request, Services& services) {
    const auto policy = co_await read_policy(services.db);
    co_return policy_response(request, policy);
}

Answer change_sign_up(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto policy = parse_policy(*body);
    if (!policy) co_return policy.error();
    if (const auto proof = co_await check_proof(request, services); !proof) co_return proof.error();
    const auto changed =
        co_await change_policy(services.db, *policy, http::IfMatch::of(request), audit::origin_of(request));
    if (!changed) co_return changed.error();
    co_return policy_response(request, *policy);
}

Answer list_invitations(http::Request& request, Services& services) {
    const auto query = http::page_query(request);
    if (!query) co_return query.error();
    std::optional<InvitationId> after;
    if (query->after) {
        after = InvitationId::parse(*query->after);
        if (!after) co_return bad_field("?after", "is not a cursor of this list");
    }
    Invitations invitations(services.db);
    const auto page = co_await invitations.list(query->limit, after);
    JsonWriter json;
    json.object().key("invitations").array();
    for (const auto& invitation : page.invitations) write_invitation(json, invitation);
    json.end().key("next");
    page.more ? json.value(page.invitations.back().id) : json.null();
    co_return http::with_etag(request, http::json_response(json.end().take()));
}

Answer show_invitation(http::Request& request, Services& services) {
    const auto id = request.path_id<InvitationId>("id", "invitation");
    if (!id) co_return id.error();
    Invitations invitations(services.db);
    const auto found = co_await invitations.find(*id);
    if (!found) co_return not_found("invitation");
    JsonWriter json;
    write_invitation(json, *found);
    co_return http::json_response(json.take());
}

Answer invite(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto wanted = parse_invitation(*body);
    if (!wanted) co_return wanted.error();
    // An invitation gives a role, as a change of role does.
    if (const auto proof = co_await check_proof(request, services); !proof) co_return proof.error();
    Invitations invitations(services.db);
    const auto sent =
        co_await invitations.create(request.id_to_make<InvitationId>(), *wanted, audit::origin_of(request));
    if (!sent) co_return sent.error();
    mail::Invitation words;
    words.to = wanted->email;
    words.link = services.origin + "/invitation#" + sent->token;
    words.language = wanted->language;
    co_await send_behind(services, request, mail::invitation_message(words));
    JsonWriter json;
    write_invitation(json, sent->invitation);
    co_return http::created(json.take(), "/api/admin/invitations/" + sent->invitation.id.text());
}

Answer revoke_invitation(http::Request& request, Services& services) {
    const auto id = request.path_id<InvitationId>("id", "invitation");
    if (!id) co_return id.error();
    Invitations invitations(services.db);
    const auto revoked = co_await invitations.revoke(*id, audit::origin_of(request));
    if (!revoked) co_return revoked.error();
    co_return http::no_content();
}

Answer show_usage(http::Request& request, Services& services) {
    const auto days = parse_days(request);
    if (!days) co_return days.error();
    const auto use = co_await services.budget.school_use(*days);
    JsonWriter json;
    json.object().key("today").object().field("used", use.today.used);
    json.field("limit", limit_of(use.today.limit)).field("resetsAt", use.today.resets_at).end();
    json.field("personLimit", limit_of(services.budget.quotas().person)).key("days").array();
    for (const auto& day : use.days) json.object().field("day", day.day).field("tokens", day.tokens).end();
    co_return http::json_response(json.end().end().take());
}

Answer show_storage(http::Request&, Services& services) {
    Administration administration(services.db);
    const auto totals = co_await administration.storage();
    JsonWriter json;
    json.object()
        .field("people", totals.people)
        .field("suspended", totals.suspended)
        .field("materials", totals.materials)
        .field("files", totals.files)
        .field("fileBytes", totals.file_bytes)
        .field("databaseBytes", totals.database_bytes);
    co_return http::json_response(json.end().take());
}

Answer test_mail(http::Request& request, Services& services) {
    People people(services.db);
    const auto person = co_await people.find(owner_of(request));
    if (!person) co_return not_found("account");
    audit::Entry entry{audit::origin_of(request), "mail.tested", "person", person->id.text()};
    co_await audit::record(services.db, std::move(entry));
    auto message = mail::test_message(person->email, person->language);
    message.request = request.id;
    const auto outcome = co_await services.mail.try_once(std::move(message));
    JsonWriter json;
    json.object().field("to", person->email).field("delivery", services.mail.delivery());
    json.field("delivered", outcome.delivered).field("detail", outcome.detail);
    co_return http::json_response(json.end().take());
}

Answer list_audit(http::Request& request, Services& services) {
    const auto page = http::page_query(request);
    if (!page) co_return page.error();
    const auto filter = parse_audit_query(request, *page);
    if (!filter) co_return filter.error();
    const auto records = co_await audit::newest(services.db, *filter, page->limit + 1);
    const auto shown = std::min(records.size(), static_cast<std::size_t>(page->limit));
    JsonWriter json;
    json.object().key("entries").array();
    for (std::size_t i = 0; i < shown; ++i) audit::write(json, records[i]);
    json.end().key("next");
    records.size() > shown ? json.value(std::to_string(records[shown - 1].seq)) : json.null();
    co_return http::json_response(json.end().take());
}

}  // namespace bb::accounts
