#include "base/core/json_writer.hpp"
#include "features/accounts/handlers.hpp"
#include "features/accounts/input.hpp"
#include "features/accounts/keys.hpp"

namespace bb::accounts {
namespace {

/// Begins the object of a key; the caller ends it.
void write_key(JsonWriter& json, const ApiKey& key) {
    json.object().field("id", key.id).field("name", key.name).key("scopes").array();
    for (const auto& scope : key.scopes) json.value(scope);
    json.end()
        .field("start", key.start)
        .field("createdAt", key.created_at)
        .field("expiresAt", key.expires_at)
        .field("lastUsedAt", key.last_used_at)
        .field("lastUsedNetwork", key.last_used_network);
}

}  // namespace

Answer list_keys(http::Request& request, Services& services) {
    Keys keys(services.db);
    const auto list = co_await keys.list(owner_of(request));
    JsonWriter json;
    json.object().key("keys").array();
    for (const auto& key : list) {
        write_key(json, key);
        json.end();
    }
    json.end().end();
    co_return http::with_etag(request, http::json_response(json.take()));
}

Answer make_key(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    const auto wanted = parse_new_key(*body);
    if (!wanted) co_return wanted.error();
    if (const auto proof = co_await check_proof(request, services); !proof) co_return proof.error();
    Keys keys(services.db);
    const auto made = co_await keys.create(owner_of(request), *wanted, audit::origin_of(request));
    if (!made) co_return made.error();
    JsonWriter json;
    write_key(json, made->key);
    json.field("token", made->token).end();
    co_return http::created(json.take(), "/api/keys/" + made->key.id.text());
}

Answer revoke_key(http::Request& request, Services& services) {
    const auto id = request.path_id<KeyId>("id", "API key");
    if (!id) co_return id.error();
    Keys keys(services.db);
    const auto ended = co_await keys.revoke(owner_of(request), *id, audit::origin_of(request));
    if (!ended) co_return ended.error();
    forget_everywhere(services, *ended);
    co_return http::no_content();
}

}  // namespace bb::accounts
