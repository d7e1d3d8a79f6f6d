#include "base/core/json_writer.hpp"
#include "features/accounts/cookie.hpp"
#include "features/accounts/handlers.hpp"
#include "features/accounts/input.hpp"
#include "features/accounts/people.hpp"

namespace bb::accounts {
namespace {

void write_user(JsonWriter& json, const User& user) {
    json.object()
        .field("id", user.id)
        .field("email", user.email)
        .field("name", user.name)
        .field("role", user.role)
        .field("language", user.language)
        .field("theme", user.theme)
        .field("createdAt", user.created_at)
        .end();
}

http::Response profile_response(const http::Request& request, const User& user) {
    JsonWriter json;
    write_user(json, user);
    return http::tagged(request, http::json_response(json.take()), profile_mark(user));
}

void write_session(JsonWriter& json, const Session& session, SessionId current) {
    json.object()
        .field("id", session.id)
        .field("current", session.id == current)
        .field("device", session.device)
        .field("network", session.network)
        .field("createdAt", session.created_at)
        .field("lastSeenAt", session.last_seen_at)
        .field("expiresAt", session.expires_at)
        .end();
}

std::string session_json(const std::optional<User>& user, const Services& services, bool setup_needed,
                         bool erasure_undone) {
    const About& about = services.about;
    JsonWriter json;
    json.object().key("user");
    if (user)
        write_user(json, *user);
    else
        json.null();
    json.key("tutor").object().field("mode", about.tutor_mode).field("model", about.model).end();
    json.key("signIn").object().field("github", services.github != nullptr).end();
    json.field("setupNeeded", setup_needed).field("version", about.version).key("passkeyOrigins").array();
    for (const auto& party : services.parties) json.value(party.origin);
    json.end();
    if (user) json.field("erasureUndone", erasure_undone);
    json.end();
    return json.take();
}

}  // namespace

SessionId session_of(const http::Request& request) {
    return SessionId{request.who().session};
}

Task<Result<void>> check_proof(const http::Request& request, Services& services) {
    if (request.who().key)
        co_return Error(ErrorCode::forbidden,
                        "This asks for a proof that it is you, which no API key can give. Sign in with a "
                        "browser to do it.");
    Sessions sessions(services.db);
    co_return co_await sessions.check_proof(owner_of(request), session_of(request));
}

bool uses_https(const http::Request& request, const Services& services) {
    // A proxy that ends TLS may not be known to us as one; the public address tells.
    return request.secure || services.origin.starts_with("https://");
}

void forget_everywhere(Services& services, const crypto::Digest& token_hash) {
    services.sessions.forget_session(token_hash);
    if (services.announce_ended) services.announce_ended(crypto::hex(token_hash));
}

void forget_everywhere(Services& services, UserId person) {
    services.sessions.forget_user(person);
    if (services.announce_ended) services.announce_ended(person.text());
}

Task<void> end_own_session(Services& services, const http::Request& request, std::string action) {
    Sessions sessions(services.db);
    const auto ended = co_await sessions.end(owner_of(request), session_of(request),
                                             audit::origin_of(request), std::move(action));
    if (ended) forget_everywhere(services, *ended);
}

Answer show_session(http::Request& request, Services& services) {
    People people(services.db);
    std::optional<User> user;
    if (request.principal) user = co_await people.find(owner_of(request));
    Sessions sessions(services.db);
    std::optional<bool> undone;
    if (user && !request.principal->key) {
        const auto held = crypto::sha256(token_of(request));
        undone = co_await sessions.undid_erasure(user->id, session_of(request), held);
    }
    const bool setup_needed = !user && co_await people.lacks_administrator();
    auto response = http::json_response(session_json(user, services, setup_needed, undone.value_or(false)));
    // The server moves the end of a session on while it is used; here the browser's cookie follows. A token
    // that a proof replaced meanwhile must not come back.
    if (undone) response.header("Set-Cookie", set_cookie(token_of(request), uses_https(request, services)));
    co_return response;
}

Answer show_me(http::Request& request, Services& services) {
    People people(services.db);
    const auto user = co_await people.find(owner_of(request));
    if (!user) co_return not_found("account");
    co_return profile_response(request, *user);
}

Answer change_me(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto change = parse_profile_change(*body);
    if (!change) co_return change.error();
    People people(services.db);
    const auto user = co_await people.change_profile(owner_of(request), *change, http::IfMatch::of(request));
    if (!user) co_return user.error();
    co_return profile_response(request, *user);
}

Answer list_sessions(http::Request& request, Services& services) {
    Sessions sessions(services.db);
    const auto list = co_await sessions.list(owner_of(request));
    JsonWriter json;
    json.object().key("sessions").array();
    for (const auto& session : list) write_session(json, session, session_of(request));
    json.end().end();
    co_return http::with_etag(request, http::json_response(json.take()));
}

Answer end_session(http::Request& request, Services& services) {
    const auto id = request.path_id<SessionId>("id", "session");
    if (!id) co_return id.error();
    Sessions sessions(services.db);
    const auto ended = co_await sessions.end(owner_of(request), *id, audit::origin_of(request));
    if (!ended) co_return ended.error();
    forget_everywhere(services, *ended);
    auto response = http::no_content();
    if (*id == session_of(request))
        response.header("Set-Cookie", clear_cookie(uses_https(request, services)));
    co_return response;
}

Answer end_other_sessions(http::Request& request, Services& services) {
    Sessions sessions(services.db);
    const auto ended =
        co_await sessions.end_others(owner_of(request), session_of(request), audit::origin_of(request));
    for (const auto& hash : ended) forget_everywhere(services, hash);
    co_return http::no_content();
}

}  // namespace bb::accounts
