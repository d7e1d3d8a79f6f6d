#include "base/core/json_writer.hpp"
#include "base/net/timer.hpp"
#include "features/accounts/cookie.hpp"
#include "features/accounts/handlers.hpp"
#include "features/accounts/input.hpp"
#include "features/accounts/people.hpp"
#include "features/accounts/sign_in.hpp"
#include "services/mail/queue.hpp"
#include "services/mail/templates.hpp"

namespace bb::accounts {
namespace {

constexpr int code_minutes = 10;

Task<void> deliver(mail::Sender& sender, mail::Message message) {
    co_await sender.send(std::move(message));
}

using ByToken = Task<Result<NewSession>> (SignIn::*)(std::string token, Client client);

/// Lets in who holds the token of a mailed link; `method` is what the audit log calls it.
Answer enter_by_token(http::Request& request, Services& services, ByToken by_token, const char* method) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto token = parse_link_entry(*body);
    if (!token) co_return token.error();
    if (auto refused = co_await refuse_try(request, services, method)) co_return std::move(*refused);
    SignIn sign_in(services.db, services.secret);
    auto session = co_await (sign_in.*by_token)(*token, client_of(request));
    co_return co_await welcome(request, services, std::move(session), method);
}

Task<std::optional<http::Response>> refuse(const http::Request& request, Services& services, const char* what,
                                           const char* method, std::string address) {
    auto refused = co_await services.limits.refuse(request, what, std::move(address));
    if (refused) count_sign_in(services, method, SignInCounts::limited);
    co_return refused;
}

}  // namespace

void count_sign_in(Services& services, const char* method, SignInCounts::Outcome outcome) {
    if (services.sign_ins) services.sign_ins->count(method, outcome);
}

Task<std::optional<http::Response>> refuse_try(const http::Request& request, Services& services,
                                               const char* method, std::string address) {
    return refuse(request, services, "try", method, std::move(address));
}

Task<std::optional<http::Response>> refuse_mail(const http::Request& request, Services& services,
                                                const char* method, std::string address) {
    return refuse(request, services, "mail", method, std::move(address));
}

Task<void> mail_code(Services& services, const http::Request& request, std::string email,
                     std::string language) {
    SignIn sign_in(services.db, services.secret);
    const auto secrets = co_await sign_in.prepare(email, language);
    if (!secrets) co_return;
    const mail::SignIn content{.to = email,
                               .code = secrets->code,
                               .link = services.origin + "/sign-in/link#" + secrets->link_token,
                               .minutes = code_minutes,
                               .language = language};
    co_await send_behind(services, request, mail::sign_in_message(content));
}

Task<void> hand_over(http::Request& request, Services& services, NewSession session,
                     http::Response& response) {
    if (!session.proved_email.empty()) {
        co_await services.limits.forgive(session.proved_email);
        co_await mail::forgive_bounces(services.db, session.proved_email);
    }
    if (request.principal) co_await end_own_session(services, request, "session.replaced");
    response.header("Set-Cookie", set_cookie(session.token, uses_https(request, services)));
    response.header("Cache-Control", "no-store");
}

Answer welcome(http::Request& request, Services& services, Result<NewSession> session, const char* method,
               std::string email) {
    if (!session) {
        co_await note_failure(request, services, session.error(), method, std::move(email));
        co_return session.error();
    }
    auto response = http::no_content();
    co_await hand_over(request, services, std::move(*session), response);
    count_sign_in(services, method, SignInCounts::succeeded);
    co_return response;
}

Task<void> note_failure(const http::Request& request, Services& services, Error why, const char* method,
                        std::string email) {
    count_sign_in(services, method, SignInCounts::failed);
    const bool refused = why.code == ErrorCode::suspended || why.code == ErrorCode::sign_up_closed;
    audit::Entry entry{audit::origin_of(request), refused ? "sign_in.refused" : "sign_in.failed"};
    People people(services.db);
    if (!email.empty()) {
        const auto person = co_await people.find_by_email(std::move(email));
        if (person) {
            entry.subject_kind = "person";
            entry.subject_id = person->id.text();
        }
    }
    JsonWriter details;
    details.object().field("method", method);
    if (refused) details.field("why", why.code == ErrorCode::suspended ? "suspended" : "no account");
    entry.details = details.end().take();
    co_await audit::record_limited(services.db, std::move(entry));
}

Task<void> send_behind(Services& services, const http::Request& request, mail::Message message) {
    message.request = request.id;
    const auto executor = co_await net::this_executor();
    net::spawn(executor, deliver(services.mail, std::move(message)), request.id);
}

Answer request_code(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto input = parse_code_request(*body);
    if (!input) co_return input.error();
    if (auto refused = co_await refuse_mail(request, services, "code", input->email))
        co_return std::move(*refused);

    // Whether a mail goes out, the answer does not tell.
    co_await mail_code(services, request, input->email, input->language);
    JsonWriter json;
    json.object().field("delivery", services.mail.delivery()).end();
    co_return http::json_response(json.take(), 202);
}

Answer enter_code(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto input = parse_code_entry(*body);
    if (!input) co_return input.error();
    if (auto refused = co_await refuse_try(request, services, "code", input->email))
        co_return std::move(*refused);
    SignIn sign_in(services.db, services.secret);
    auto session = co_await sign_in.by_code(input->email, input->code, client_of(request));
    co_return co_await welcome(request, services, std::move(session), "code", input->email);
}

Answer enter_link(http::Request& request, Services& services) {
    return enter_by_token(request, services, &SignIn::by_link, "link");
}

Answer enter_invitation(http::Request& request, Services& services) {
    return enter_by_token(request, services, &SignIn::by_invitation, "invitation");
}

Answer prove_again(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto code = parse_code_alone(*body);
    if (!code) co_return code.error();
    if (auto refused = co_await services.limits.refuse(request, "try")) co_return std::move(*refused);
    SignIn sign_in(services.db, services.secret);
    const auto held = crypto::sha256(token_of(request));
    const auto token = co_await sign_in.prove_again(owner_of(request), session_of(request), held, *code,
                                                    audit::origin_of(request));
    if (token) {
        forget_everywhere(services, held);
        auto response = http::no_content();
        response.header("Set-Cookie", set_cookie(*token, uses_https(request, services)));
        response.header("Cache-Control", "no-store");
        co_return response;
    }
    audit::Entry entry{audit::origin_of(request), "reauthentication.failed", "session",
                       session_of(request).text()};
    co_await audit::record_limited(services.db, std::move(entry));
    co_return bad_field("#/code", "This code is wrong, used or out of date. Ask for a new one.");
}

Answer set_up(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto person = parse_first_administrator(*body);
    if (!person) co_return person.error();
    if (auto refused = co_await refuse_try(request, services, "setup")) co_return std::move(*refused);
    SignIn sign_in(services.db, services.secret);
    auto session = co_await sign_in.by_setup_link(*person, client_of(request));
    co_return co_await welcome(request, services, std::move(session), "setup");
}

Answer sign_out(http::Request& request, Services& services) {
    if (request.principal) co_await end_own_session(services, request, "sign_out.succeeded");
    auto response = http::no_content();
    response.header("Set-Cookie", clear_cookie(uses_https(request, services)));
    co_return response;
}

}  // namespace bb::accounts
