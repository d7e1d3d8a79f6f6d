#include "base/core/json_writer.hpp"
#include "base/net/timer.hpp"
#include "features/accounts/cookie.hpp"
#include "features/accounts/handlers.hpp"
#include "features/accounts/input.hpp"
#include "features/accounts/sign_in.hpp"
#include "services/mail/templates.hpp"

namespace bb::accounts {
namespace {

constexpr int code_minutes = 10;

Task<void> deliver(mail::Sender& sender, mail::Message message) {
    co_await sender.send(std::move(message));
}

mail::Message mail_for(const CodeRequest& input, const SignInSecrets& secrets, const std::string& origin) {
    return mail::sign_in_message({.to = input.email,
                                  .code = secrets.code,
                                  .link = origin + "/sign-in/link#" + secrets.link_token,
                                  .minutes = code_minutes,
                                  .language = input.language});
}

}  // namespace

Answer welcome(http::Request& request, Services& services, Result<NewSession> session) {
    if (!session) co_return session.error();
    if (!session->proved_email.empty()) co_await services.limits.forgive(session->proved_email);
    if (request.principal) co_await end_everywhere(services, owner_of(request), session_of(request));
    auto response = http::no_content();
    response.header("Set-Cookie", set_cookie(session->token, uses_https(request, services)));
    response.header("Cache-Control", "no-store");
    co_return response;
}

Answer request_code(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto input = parse_code_request(*body);
    if (!input) co_return input.error();
    if (auto refused = co_await services.limits.refuse(request, "mail", input->email))
        co_return std::move(*refused);

    SignIn sign_in(services.db, services.secret);
    const auto secrets = co_await sign_in.prepare(input->email, input->language);
    // The mail goes out behind the answer, which therefore says nothing about it.
    const auto executor = co_await net::this_executor();
    net::spawn(executor, deliver(services.mail, mail_for(*input, secrets, services.origin)));
    JsonWriter json;
    json.object().field("delivery", services.mail.delivery()).end();
    co_return http::json_response(json.take(), 202);
}

Answer enter_code(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto input = parse_code_entry(*body);
    if (!input) co_return input.error();
    if (auto refused = co_await services.limits.refuse(request, "try", input->email))
        co_return std::move(*refused);
    SignIn sign_in(services.db, services.secret);
    auto session = co_await sign_in.by_code(input->email, input->code, client_of(request));
    co_return co_await welcome(request, services, std::move(session));
}

Answer enter_link(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto token = parse_link_entry(*body);
    if (!token) co_return token.error();
    if (auto refused = co_await services.limits.refuse(request, "try")) co_return std::move(*refused);
    SignIn sign_in(services.db, services.secret);
    auto session = co_await sign_in.by_link(*token, client_of(request));
    co_return co_await welcome(request, services, std::move(session));
}

Answer set_up(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto person = parse_first_administrator(*body);
    if (!person) co_return person.error();
    if (auto refused = co_await services.limits.refuse(request, "try")) co_return std::move(*refused);
    SignIn sign_in(services.db, services.secret);
    auto session = co_await sign_in.by_setup_link(*person, client_of(request));
    co_return co_await welcome(request, services, std::move(session));
}

Answer sign_out(http::Request& request, Services& services) {
    if (request.principal) co_await end_everywhere(services, owner_of(request), session_of(request));
    auto response = http::no_content();
    response.header("Set-Cookie", clear_cookie(uses_https(request, services)));
    co_return response;
}

}  // namespace bb::accounts
