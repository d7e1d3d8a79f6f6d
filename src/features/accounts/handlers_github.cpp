#include <algorithm>

#include "base/core/json_writer.hpp"
#include "base/core/log.hpp"
#include "features/accounts/client.hpp"
#include "features/accounts/cookie.hpp"
#include "features/accounts/github/departures.hpp"
#include "features/accounts/handlers.hpp"
#include "features/accounts/identities.hpp"
#include "features/accounts/input.hpp"
#include "features/accounts/local_path.hpp"
#include "features/accounts/secrets.hpp"
#include "services/audit/audit.hpp"

namespace bb::accounts {
namespace {

constexpr std::size_t longest_code = 200;

http::Response redirect(std::string address) {
    http::Response response;
    response.status = 303;
    response.header("Location", std::move(address));
    response.header("Cache-Control", "no-store");
    return response;
}

/// The address of a page before the sign-in, which leads to `next` when that is given.
std::string door(std::string page, const std::string& next) {
    if (next.empty()) return page;
    page += page.find('?') == std::string::npos ? "?next=" : "&next=";
    return page + escaped(next);
}

/// The page that says what went wrong and what to do: settings for who is signed in, else the door.
http::Response turned_away(const http::Request& request, GithubProblem problem, const std::string& next) {
    const std::string about = "?problem=" + slug_of(problem);
    if (request.principal) return redirect("/settings" + about);
    return redirect(door("/sign-in" + about, next));
}

/// Whether a page of another site opens this. GitHub does not ask a second time: nobody is signed in without
/// a click of their own.
bool from_elsewhere(const http::Request& request) {
    const auto site = request.header("sec-fetch-site");
    return site == "cross-site" || site == "same-site";
}

std::string language_of(const http::Request& request) {
    return request.query("language") == "fil" ? "fil" : "en";
}

/// The token of this browser, kept while it is good, so that two tabs may be away at once.
std::string browser_of(const http::Request& request, const Services& services) {
    const std::string token(way_token_of(request, uses_https(request, services)));
    return token_hash(token) ? token : crypto::random_token();
}

/// Where to send the browser, with the cookie that will tell it on its return.
Task<std::string> depart(Services& services, std::string browser, Errand errand) {
    Departures departures(services.db, services.github->keys);
    const auto departure = co_await departures.begin(std::move(browser), std::move(errand));
    const auto challenge = challenge_of(departure.verifier);
    co_return authorize_url(services.github->options, departure.state, challenge);
}

void remember(const http::Request& request, const Services& services, const std::string& browser,
              http::Response& response) {
    response.header("Set-Cookie", set_way_cookie(browser, uses_https(request, services)));
}

/// The code that GitHub gave the browser, or what GitHub says instead.
GithubResult<std::string> code_of(const http::Request& request) {
    if (const auto error = request.query("error")) {
        if (*error == "access_denied") return GithubProblem::denied;
        const bool word = error->size() < 64 && std::all_of(error->begin(), error->end(), [](char c) {
                              return (c >= 'a' && c <= 'z') || c == '_';
                          });
        log::warn("GitHub would not ask", {{"request", request.id}, {"error", word ? *error : "unreadable"}});
        return GithubProblem::refused;
    }
    const auto code = request.query("code");
    if (!code || code->empty() || code->size() > longest_code) return GithubProblem::code;
    return std::string(*code);
}

/// A person as GitHub knows them. The token goes with this value.
struct Visitor {
    GithubAccount account;
    std::string token;
};

Task<GithubResult<Visitor>> identify(Github& github, std::string code, std::string verifier,
                                     std::string request) {
    auto token = co_await github.client.exchange(std::move(code), std::move(verifier), request);
    if (!token) co_return token.error();
    auto account = co_await github.client.account(*token, request);
    if (!account) co_return account.error();
    co_return Visitor{std::move(*account), std::move(*token)};
}

/// Ends a way to GitHub on which the signed-in person went for a link.
Task<GithubResult<http::Response>> link_visitor(const http::Request& request, Services& services,
                                                GithubAccount account) {
    Identities identities(services.db);
    const auto refused =
        co_await identities.link(owner_of(request), std::move(account), audit::origin_of(request));
    if (refused) co_return *refused;
    co_return redirect("/settings?linked=github");
}

Task<GithubResult<http::Response>> admit(http::Request& request, Services& services,
                                         Result<NewSession> session, std::string next) {
    if (!session) {
        co_await note_failure(request, services, session.error(), "github");
        co_return session.error().code == ErrorCode::suspended ? GithubProblem::suspended
                                                               : GithubProblem::closed;
    }
    auto response = redirect(next.empty() ? "/chat" : std::move(next));
    co_await hand_over(request, services, std::move(*session), response);
    count_sign_in(services, "github", SignInCounts::succeeded);
    co_return response;
}

/// Ends a way to GitHub on which somebody went to sign in.
Task<GithubResult<http::Response>> sign_visitor_in(http::Request& request, Services& services,
                                                   Visitor visitor, Errand errand) {
    Identities identities(services.db);
    const auto client = client_of(request);
    auto known = co_await identities.enter(visitor.account, client);
    if (known) co_return co_await admit(request, services, std::move(*known), errand.next);
    auto email = co_await services.github->client.address(visitor.token, request.id);
    if (!email) co_return email.error();
    const auto browser = browser_of(request, services);
    auto arrival =
        co_await identities.arrive(visitor.account, std::move(*email), errand.language, browser, client);
    if (auto* session = std::get_if<Result<NewSession>>(&arrival))
        co_return co_await admit(request, services, std::move(*session), errand.next);
    const auto too_often = co_await refuse_mail(request, services, "github", std::get<Claim>(arrival).email);
    if (too_often) co_return GithubProblem::busy;
    co_await mail_code(services, request, std::get<Claim>(arrival).email, errand.language);
    auto response = redirect(door("/sign-in/github", errand.next));
    remember(request, services, browser, response);
    co_return response;
}

/// Whether a way to GitHub that ends so is a try to sign in that nobody else has counted.
bool is_failed_try(GithubProblem problem) {
    using enum GithubProblem;
    return problem != off && problem != busy && problem != suspended && problem != closed;
}

/// What comes of a browser that is back from GitHub. `errand` becomes what it went for, once that is known.
Task<GithubResult<http::Response>> come_back(http::Request& request, Services& services, Errand& errand) {
    if (!services.github) co_return GithubProblem::off;
    Departures departures(services.db, services.github->keys);
    const std::string browser(way_token_of(request, uses_https(request, services)));
    const std::string state(request.query("state").value_or(""));
    auto back = co_await departures.take(browser, state);
    if (!back) co_return GithubProblem::state;
    errand = back->errand;
    // A link is made for the person who asked for it, not for who is signed in by now.
    const bool same = errand.linking && request.principal && owner_of(request) == *errand.linking;
    if (errand.linking && !same) co_return GithubProblem::state;
    auto code = code_of(request);
    if (!code) co_return code.error();
    auto visitor =
        co_await identify(*services.github, std::move(*code), std::move(back->verifier), request.id);
    if (!visitor) co_return visitor.error();
    if (errand.linking) co_return co_await link_visitor(request, services, std::move(visitor->account));
    co_return co_await sign_visitor_in(request, services, std::move(*visitor), errand);
}

}  // namespace

Answer begin_github(http::Request& request, Services& services) {
    Errand errand{std::nullopt, local_path(request.query("next").value_or("")), language_of(request)};
    if (!services.github) co_return turned_away(request, GithubProblem::off, errand.next);
    if (from_elsewhere(request)) co_return redirect(door("/sign-in", errand.next));
    const auto browser = browser_of(request, services);
    std::string address;
    try {
        const auto too_often = co_await refuse_try(request, services, "github");
        if (too_often) co_return turned_away(request, GithubProblem::busy, errand.next);
        address = co_await depart(services, browser, errand);
    } catch (const db::Unavailable& away) {
        log::warn("a way to GitHub did not begin", {{"request", request.id}, {"reason", away.what()}});
    }
    if (address.empty()) co_return turned_away(request, GithubProblem::busy, errand.next);
    auto response = redirect(std::move(address));
    remember(request, services, browser, response);
    co_return response;
}

Answer finish_github(http::Request& request, Services& services) {
    Errand errand{std::nullopt, "", "en"};
    GithubResult<http::Response> outcome = GithubProblem::busy;
    try {
        outcome = co_await come_back(request, services, errand);
    } catch (const db::Unavailable& away) {
        log::warn("a way back from GitHub ended", {{"request", request.id}, {"reason", away.what()}});
    } catch (const db::SerializationFailure&) {
        // Lost a race: busy.
    }
    if (outcome) co_return std::move(*outcome);
    if (!errand.linking && is_failed_try(outcome.error()))
        count_sign_in(services, "github", SignInCounts::failed);
    co_return turned_away(request, outcome.error(), errand.next);
}

Answer show_claim(http::Request& request, Services& services) {
    Identities identities(services.db);
    const std::string browser(way_token_of(request, uses_https(request, services)));
    const auto claim = co_await identities.claim_of(browser);
    if (!claim)
        co_return Error(ErrorCode::not_found, "No GitHub account waits in this browser. Begin again.");
    JsonWriter json;
    json.object().field("email", claim->email).field("login", claim->login);
    json.field("delivery", services.mail.delivery()).end();
    co_return http::json_response(json.take());
}

Answer confirm_claim(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto code = parse_code_alone(*body);
    if (!code) co_return code.error();
    if (auto refused = co_await refuse_try(request, services, "github")) co_return std::move(*refused);
    Identities identities(services.db);
    const std::string browser(way_token_of(request, uses_https(request, services)));
    auto session = co_await identities.confirm(browser, *code, services.secret, client_of(request));
    co_return co_await welcome(request, services, std::move(session), "github");
}

Answer list_identities(http::Request& request, Services& services) {
    Identities identities(services.db);
    const auto list = co_await identities.list(owner_of(request));
    JsonWriter json;
    json.object().key("identities").array();
    for (const auto& one : list)
        json.object()
            .field("provider", one.provider)
            .field("login", one.login)
            .field("createdAt", one.created_at)
            .field("lastUsedAt", one.last_used_at)
            .end();
    json.end().end();
    co_return http::with_etag(request, http::json_response(json.take()));
}

Answer begin_link(http::Request& request, Services& services) {
    if (!services.github) co_return Error(ErrorCode::not_found, "Signing in with GitHub is not set up here.");
    if (const auto proof = co_await check_proof(request, services); !proof) co_return proof.error();
    Errand errand{owner_of(request), "", language_of(request)};
    auto browser = browser_of(request, services);
    const auto address = co_await depart(services, browser, std::move(errand));
    JsonWriter json;
    json.object().field("location", address).end();
    auto response = http::json_response(json.take());
    remember(request, services, browser, response);
    co_return response;
}

Answer unlink_github(http::Request& request, Services& services) {
    if (const auto proof = co_await check_proof(request, services); !proof) co_return proof.error();
    Identities identities(services.db);
    const auto done = co_await identities.unlink(owner_of(request), "github", audit::origin_of(request));
    if (!done) co_return done.error();
    co_return http::no_content();
}

}  // namespace bb::accounts
