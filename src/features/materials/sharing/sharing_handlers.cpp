#include "features/materials/sharing/sharing_handlers.hpp"

#include "base/core/address.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "features/materials/sharing/sharing.hpp"

namespace bb::materials {
namespace {

using accounts::owner_of;

constexpr TextLimits address_limits{3, 254};
constexpr TextLimits moment_limits{1, 40};

/// Whether somebody has the address is nobody's business here.
Result<NewShare> read_new_share(const http::Request& request) {
    const auto body = request.json();
    if (!body) return body.error();
    FieldReader in(*body);
    NewShare wanted;
    const bool person = in.choice("kind", {"link", "person"}) == "person";
    const auto email = in.optional_text("email", address_limits);
    if (email) wanted.email = parse_address(*email);
    if (person && !wanted.email) in.complain("email", "must be the e-mail address of a person");
    if (!person && email) in.complain("email", "is for kind \"person\" alone");
    if (const auto text = in.nullable_text("expiresAt", moment_limits).value_or(std::nullopt)) {
        wanted.expires_at = parse_rfc3339(*text);
        if (!wanted.expires_at || *wanted.expires_at <= now())
            in.complain("expiresAt", "must be a time to come, like 2027-01-31T16:00:00.000000Z");
    }
    if (auto bad = in.error()) return *bad;
    return wanted;
}

void write_share(JsonWriter& json, const Share& share) {
    json.object()
        .field("id", share.id)
        .field("kind", share.email ? "person" : "link")
        .field("email", share.email)
        .field("expiresAt", share.expires_at)
        .field("createdAt", share.created_at)
        .key("readers")
        .array();
    for (const Reader& reader : share.readers)
        json.object().field("name", reader.name).field("openedAt", reader.opened_at).end();
    json.end().end();
}

}  // namespace

Answer list_shares(http::Request& request, Services& services) {
    const auto material = request.path_id<MaterialId>("id", "material");
    if (!material) co_return material.error();
    Sharing sharing(services.db);
    const auto shares = co_await sharing.list(owner_of(request), *material);
    if (!shares) co_return shares.error();
    JsonWriter json;
    json.object().key("shares").array();
    for (const Share& share : *shares) write_share(json, share);
    json.end().end();
    co_return http::json_response(json.take());
}

Answer create_share(http::Request& request, Services& services) {
    const auto material = request.path_id<MaterialId>("id", "material");
    if (!material) co_return material.error();
    auto wanted = read_new_share(request);
    if (!wanted) co_return wanted.error();
    Sharing sharing(services.db);
    const auto made =
        co_await sharing.create(owner_of(request), *material, std::move(*wanted), audit::origin_of(request));
    if (!made) co_return made.error();
    JsonWriter json;
    json.object().key("share");
    write_share(json, made->share);
    // Behind a #, which browsers send to no server: the token stands in no log.
    json.key("path");
    if (made->token)
        json.value("/shared/open#" + *made->token);
    else
        json.null();
    json.end();
    co_return http::json_response(json.take(), 201);
}

Answer revoke_share(http::Request& request, Services& services) {
    const auto material = request.path_id<MaterialId>("id", "material");
    if (!material) co_return material.error();
    const auto share = request.path_id<ShareId>("shareId", "share");
    if (!share) co_return share.error();
    Sharing sharing(services.db);
    const auto done =
        co_await sharing.revoke(owner_of(request), *material, *share, audit::origin_of(request));
    if (!done) co_return done.error();
    co_return http::no_content();
}

}  // namespace bb::materials
