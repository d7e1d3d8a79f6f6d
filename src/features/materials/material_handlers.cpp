#include "base/core/json_reader.hpp"
#include "features/materials/handlers.hpp"
#include "features/materials/materials.hpp"
#include "features/materials/render.hpp"

namespace bb::materials {
namespace {

using accounts::owner_of;

constexpr TextLimits title_limits{1, 200};
constexpr TextLimits subject_limits{1, 80};
constexpr TextLimits description_limits{0, 2000, true};

Result<NewMaterial> read_new(const http::Request& request) {
    const auto body = request.json();
    if (!body) return body.error();
    FieldReader in(*body);
    NewMaterial input;
    input.title = in.text("title", title_limits);
    input.subject = in.nullable_text("subject", subject_limits).value_or(std::nullopt);
    input.description = in.optional_text("description", description_limits).value_or("");
    input.active = in.optional_bool("active").value_or(true);
    if (auto bad = in.error()) return *bad;
    return input;
}

Result<MaterialChange> read_material_change(const http::Request& request) {
    const auto body = request.json();
    if (!body) return body.error();
    FieldReader in(*body);
    MaterialChange change;
    change.title = in.optional_text("title", title_limits);
    change.subject = in.nullable_text("subject", subject_limits);
    change.description = in.optional_text("description", description_limits);
    change.active = in.optional_bool("active");
    if (auto bad = in.error()) return *bad;
    return change;
}

Result<MaterialFilter> read_filter(const http::Request& request) {
    MaterialFilter filter;
    if (const auto subject = request.query("subject")) {
        filter.subject = SubjectId::parse(*subject);
        if (!filter.subject) return bad_field("?subject", "must be the id of a subject");
    }
    if (const auto active = request.query("active")) {
        if (*active != "true" && *active != "false") return bad_field("?active", "must be true or false");
        filter.active = *active == "true";
    }
    return filter;
}

http::Response one(const http::Request& request, const Material& material) {
    return tagged(request, http::json_response(to_json(material)), material.version, tag_of(material));
}

}  // namespace

Answer list_materials(http::Request& request, Services& services) {
    auto page = http::page_query(request);
    if (!page) co_return page.error();
    auto filter = read_filter(request);
    if (!filter) co_return filter.error();
    Materials materials(services.db);
    auto found = co_await materials.list(owner_of(request), *filter, *page);
    if (!found) co_return found.error();
    co_return http::with_etag(request, http::json_response(list_to_json("materials", *found)));
}

Answer create_material(http::Request& request, Services& services) {
    auto input = read_new(request);
    if (!input) co_return input.error();
    Materials materials(services.db);
    auto material =
        co_await materials.create(owner_of(request), request.id_to_make<MaterialId>(), std::move(*input));
    if (!material) co_return material.error();
    auto response = http::created(to_json(*material), "/api/materials/" + material->id.text());
    co_return tagged(request, std::move(response), material->version, tag_of(*material));
}

Answer show_material(http::Request& request, Services& services) {
    const auto id = request.path_id<MaterialId>("id", "material");
    if (!id) co_return id.error();
    Materials materials(services.db);
    auto material = co_await materials.find(owner_of(request), *id);
    if (!material) co_return material.error();
    co_return one(request, *material);
}

Answer change_material(http::Request& request, Services& services) {
    const auto id = request.path_id<MaterialId>("id", "material");
    if (!id) co_return id.error();
    auto change = read_material_change(request);
    if (!change) co_return change.error();
    Materials materials(services.db);
    auto material =
        co_await materials.change(owner_of(request), *id, std::move(*change), http::IfMatch::of(request));
    if (!material) co_return material.error();
    co_return one(request, *material);
}

Answer delete_material(http::Request& request, Services& services) {
    const auto id = request.path_id<MaterialId>("id", "material");
    if (!id) co_return id.error();
    Materials materials(services.db);
    auto gone = co_await materials.remove(owner_of(request), *id, http::IfMatch::of(request));
    if (!gone) co_return gone.error();
    co_return http::no_content();
}

Answer restore_material(http::Request& request, Services& services) {
    const auto id = request.path_id<MaterialId>("id", "material");
    if (!id) co_return id.error();
    Materials materials(services.db);
    auto material = co_await materials.restore(owner_of(request), *id, services.storage);
    if (!material) co_return material.error();
    co_return one(request, *material);
}

}  // namespace bb::materials
