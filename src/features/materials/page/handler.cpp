#include "base/core/json_reader.hpp"
#include "features/materials/files.hpp"
#include "features/materials/handlers.hpp"
#include "features/materials/materials.hpp"
#include "features/materials/page/name.hpp"
#include "features/materials/render.hpp"

namespace bb::materials {
namespace {

constexpr TextLimits address_limits{1, fetch::longest_address};

Result<client::WebAddress> read_address(const http::Request& request, const fetch::Guard& guard) {
    const auto body = request.json();
    if (!body) return body.error();
    FieldReader in(*body);
    const auto url = in.text("url", address_limits);
    if (auto bad = in.error()) return *bad;
    auto address = guard.check(url);
    if (!address) return bad_field("#/url", address.error().detail);
    return address;
}

}  // namespace

/// The page itself is fetched by a job (page/fetching.hpp): a slow site holds no request.
Answer add_page(http::Request& request, Services& services) {
    const auto material = request.path_id<MaterialId>("id", "material");
    if (!material) co_return material.error();
    const auto address = read_address(request, services.guard);
    if (!address) co_return address.error();
    const UserId owner = accounts::owner_of(request);
    const bool there = co_await has_material(services.db, owner, *material);
    if (!there) co_return not_found("material");
    Files files(services.db, services.pool);
    const auto room = co_await check_room(services.db, owner, 1, services.storage);
    if (!room) co_return room.error();
    auto refused = co_await services.pages.refuse(
        owner.value, "You have named many web pages. Wait a little and try again.");
    if (refused) co_return *refused;
    NewPage page;
    page.url = address->url;
    page.name = page::name_of_address(*address);
    page.digest = co_await services.files.put(owner.value, std::string_view());
    const FileId id{request.id_to_make()};
    auto made = co_await files.create_page(owner, *material, id, std::move(page));
    if (!made) co_return made.error();
    co_return http::created(to_json(*made),
                            "/api/materials/" + material->text() + "/files/" + made->id.text());
}

}  // namespace bb::materials
