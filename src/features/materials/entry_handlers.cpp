#include "base/core/json_reader.hpp"
#include "features/materials/entries.hpp"
#include "features/materials/handlers.hpp"
#include "features/materials/render.hpp"

namespace bb::materials {
namespace {

using accounts::owner_of;

constexpr TextLimits title_limits{1, 200};
constexpr TextLimits content_limits{0, 1'000'000, true};
constexpr std::int64_t last_position = 1'000'000;

/// /api/materials/{id}/entries/{entryId}
struct EntryPlace {
    MaterialId material;
    EntryId entry;
};

Result<EntryPlace> entry_in_path(const http::Request& request) {
    const auto material = request.path_id<MaterialId>("id", "material");
    if (!material) return material.error();
    const auto entry = request.path_id<EntryId>("entryId", "entry");
    if (!entry) return entry.error();
    return EntryPlace{*material, *entry};
}

Result<NewEntry> read_new(const http::Request& request) {
    const auto body = request.json();
    if (!body) return body.error();
    FieldReader in(*body);
    NewEntry input;
    input.title = in.text("title", title_limits);
    input.content = in.text("content", content_limits);
    if (auto bad = in.error()) return *bad;
    return input;
}

Result<EntryChange> read_entry_change(const http::Request& request) {
    const auto body = request.json();
    if (!body) return body.error();
    FieldReader in(*body);
    EntryChange change;
    change.title = in.optional_text("title", title_limits);
    change.content = in.optional_text("content", content_limits);
    if (const auto position = in.optional_integer("position", 1, last_position))
        change.position = static_cast<int>(*position);
    if (const auto material = in.optional_uuid("materialId")) change.material = MaterialId{*material};
    if (auto bad = in.error()) return *bad;
    return change;
}

http::Response one(const http::Request& request, const Entry& entry) {
    return tagged(request, http::json_response(whole(entry)), entry.version, tag_of(entry));
}

}  // namespace

Answer list_entries(http::Request& request, Services& services) {
    const auto material = request.path_id<MaterialId>("id", "material");
    if (!material) co_return material.error();
    auto page = http::page_query(request);
    if (!page) co_return page.error();
    Entries entries(services.db, services.pool);
    auto found = co_await entries.list(owner_of(request), *material, *page);
    if (!found) co_return found.error();
    co_return http::with_etag(request, http::json_response(list_to_json("entries", *found)));
}

Answer create_entry(http::Request& request, Services& services) {
    const auto material = request.path_id<MaterialId>("id", "material");
    if (!material) co_return material.error();
    auto input = read_new(request);
    if (!input) co_return input.error();
    Entries entries(services.db, services.pool);
    auto entry = co_await entries.create(owner_of(request), *material, request.id_to_make<EntryId>(),
                                         std::move(*input));
    if (!entry) co_return entry.error();
    auto response = http::created(whole(*entry), request.path + "/" + entry->id.text());
    co_return tagged(request, std::move(response), entry->version, tag_of(*entry));
}

Answer show_entry(http::Request& request, Services& services) {
    const auto place = entry_in_path(request);
    if (!place) co_return place.error();
    Entries entries(services.db, services.pool);
    auto entry = co_await entries.find(owner_of(request), place->material, place->entry);
    if (!entry) co_return entry.error();
    co_return one(request, *entry);
}

Answer change_entry(http::Request& request, Services& services) {
    const auto place = entry_in_path(request);
    if (!place) co_return place.error();
    auto change = read_entry_change(request);
    if (!change) co_return change.error();
    Entries entries(services.db, services.pool);
    auto entry = co_await entries.change(owner_of(request), place->material, place->entry, std::move(*change),
                                         http::IfMatch::of(request));
    if (!entry) co_return entry.error();
    co_return one(request, *entry);
}

Answer delete_entry(http::Request& request, Services& services) {
    const auto place = entry_in_path(request);
    if (!place) co_return place.error();
    Entries entries(services.db, services.pool);
    auto gone =
        co_await entries.remove(owner_of(request), place->material, place->entry, http::IfMatch::of(request));
    if (!gone) co_return gone.error();
    co_return http::no_content();
}

Answer restore_entry(http::Request& request, Services& services) {
    const auto place = entry_in_path(request);
    if (!place) co_return place.error();
    Entries entries(services.db, services.pool);
    auto entry = co_await entries.restore(owner_of(request), place->material, place->entry);
    if (!entry) co_return entry.error();
    co_return one(request, *entry);
}

}  // namespace bb::materials
