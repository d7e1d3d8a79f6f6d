#include "base/core/json_writer.hpp"
#include "features/accounts/address_change.hpp"
#include "features/accounts/handlers.hpp"
#include "features/accounts/input.hpp"
#include "features/accounts/notices.hpp"
#include "services/mail/notices.hpp"

namespace bb::accounts {
namespace {

http::Response choices_response(const http::Request& request, const NoticeChoices& choices) {
    JsonWriter json;
    json.object().field("newDevice", choices.new_device).field("weekly", choices.weekly).end();
    return http::tagged(request, http::json_response(json.take()), choices_mark(choices));
}

}  // namespace

Answer ask_address(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto email = parse_address_alone(*body);
    if (!email) co_return email.error();
    if (const auto proof = co_await check_proof(request, services); !proof) co_return proof.error();
    if (auto refused = co_await services.limits.refuse(request, "mail", *email))
        co_return std::move(*refused);
    AddressChanges changes(services.db, services.secret);
    const auto asked = co_await changes.ask(owner_of(request), *email, audit::origin_of(request));
    if (!asked) co_return asked.error();
    co_await send_behind(services, request, mail::address_code_message(*email, asked->language, asked->code));
    JsonWriter json;
    json.object().field("delivery", services.mail.delivery()).end();
    co_return http::json_response(json.take(), 202);
}

Answer confirm_address(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto code = parse_code_alone(*body);
    if (!code) co_return code.error();
    AddressChanges changes(services.db, services.secret);
    const auto email = co_await changes.asked(owner_of(request));
    if (auto refused = co_await services.limits.refuse(request, "try", email)) co_return std::move(*refused);
    const auto ended =
        co_await changes.confirm(owner_of(request), session_of(request), *code, audit::origin_of(request));
    if (!ended) co_return ended.error();
    for (const auto& hash : *ended) forget_everywhere(services, hash);
    co_await services.limits.forgive(email);
    co_await mail::forgive_bounces(services.db, email);
    co_return http::no_content();
}

Answer show_notices(http::Request& request, Services& services) {
    const auto choices = co_await read_choices(services.db, owner_of(request));
    co_return choices_response(request, choices);
}

Answer change_notices(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto change = parse_notice_change(*body);
    if (!change) co_return change.error();
    const auto choices =
        co_await change_choices(services.db, owner_of(request), *change, http::IfMatch::of(request));
    if (!choices) co_return choices.error();
    co_return choices_response(request, *choices);
}

Answer stop_notices(http::Request& request, Services& services) {
    const auto token = request.query("token").value_or("");
    const auto stopped = co_await unsubscribe(services.db, services.secret, token);
    if (!stopped) co_return stopped.error();
    co_return http::no_content();
}

}  // namespace bb::accounts
