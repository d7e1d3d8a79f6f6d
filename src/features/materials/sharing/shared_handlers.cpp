#include "base/core/json_reader.hpp"
#include "features/materials/entries.hpp"
#include "features/materials/files.hpp"
#include "features/materials/render.hpp"
#include "features/materials/sharing/copying.hpp"
#include "features/materials/sharing/sharing_handlers.hpp"

namespace bb::materials {
namespace {

using accounts::owner_of;

constexpr TextLimits token_limits{1, 100};

void write_shared(JsonWriter& json, const SharedMaterial& shared) {
    json.object()
        .field("id", shared.id)
        .field("title", shared.title)
        .field("description", shared.description)
        .field("owner", shared.owner_name)
        .field("entries", shared.entries)
        .field("files", shared.files)
        .field("updatedAt", shared.updated_at)
        .end();
}

/// The material in the path, which the signed-in person may read now. Errors: not_found.
Task<Result<SharedMaterial>> shared_in_path(const http::Request& request, Services& services) {
    const auto id = request.path_id<MaterialId>("id", "shared material");
    if (!id) co_return id.error();
    Sharing sharing(services.db);
    co_return co_await sharing.find(owner_of(request), *id);
}

/// The file in the path, with its text, of a material that the signed-in person may read now.
struct SharedFile {
    UserId owner;
    File file;
};

Task<Result<SharedFile>> shared_file_in_path(const http::Request& request, Services& services) {
    const auto id = request.path_id<FileId>("fileId", "file");
    if (!id) co_return id.error();
    const auto shared = co_await shared_in_path(request, services);
    if (!shared) co_return shared.error();
    Files files(services.db, services.pool);
    auto file = co_await files.find(shared->owner, shared->id, *id);
    if (!file) co_return file.error();
    SharedFile found{shared->owner, std::move(*file)};
    co_return found;
}

}  // namespace

Answer open_share(http::Request& request, Services& services) {
    const UserId reader = owner_of(request);
    const auto body = request.json();
    if (!body) co_return body.error();
    FieldReader in(*body);
    auto token = in.text("token", token_limits);
    if (auto bad = in.error()) co_return *bad;
    auto refused =
        co_await services.links.refuse(reader.value, "Too many links were opened. Wait and try again.");
    if (refused) co_return *refused;
    Sharing sharing(services.db);
    const auto opened = co_await sharing.open(reader, std::move(token), audit::origin_of(request));
    if (!opened) co_return opened.error();
    JsonWriter json;
    json.object().field("materialId", opened->material).field("own", opened->own).end();
    co_return http::json_response(json.take());
}

Answer list_shared(http::Request& request, Services& services) {
    auto page = http::page_query(request);
    if (!page) co_return page.error();
    Sharing sharing(services.db);
    const auto found = co_await sharing.readable(owner_of(request), *page);
    if (!found) co_return found.error();
    JsonWriter json;
    json.object().key("materials").array();
    for (const SharedMaterial& shared : found->items) write_shared(json, shared);
    json.end().field("next", found->next).end();
    co_return http::json_response(json.take());
}

Answer show_shared(http::Request& request, Services& services) {
    const auto shared = co_await shared_in_path(request, services);
    if (!shared) co_return shared.error();
    JsonWriter json;
    write_shared(json, *shared);
    co_return http::json_response(json.take());
}

Answer leave_shared(http::Request& request, Services& services) {
    const auto id = request.path_id<MaterialId>("id", "shared material");
    if (!id) co_return id.error();
    Sharing sharing(services.db);
    const auto done = co_await sharing.leave(owner_of(request), *id);
    if (!done) co_return done.error();
    co_return http::no_content();
}

Answer copy_shared(http::Request& request, Services& services) {
    const UserId reader = owner_of(request);
    auto shared = co_await shared_in_path(request, services);
    if (!shared) co_return shared.error();
    auto refused = co_await services.copies.refuse(
        reader.value, "You have copied many materials. Wait a little and try again.");
    if (refused) co_return *refused;
    const auto copy = co_await copy_material(services, reader, std::move(*shared));
    if (!copy) co_return copy.error();
    co_return http::created(to_json(*copy), "/api/materials/" + copy->id.text());
}

Answer list_shared_entries(http::Request& request, Services& services) {
    const auto shared = co_await shared_in_path(request, services);
    if (!shared) co_return shared.error();
    auto page = http::page_query(request);
    if (!page) co_return page.error();
    Entries entries(services.db, services.pool);
    const auto found = co_await entries.list(shared->owner, shared->id, *page);
    if (!found) co_return found.error();
    co_return http::json_response(list_to_json("entries", *found));
}

Answer show_shared_entry(http::Request& request, Services& services) {
    const auto id = request.path_id<EntryId>("entryId", "entry");
    if (!id) co_return id.error();
    const auto shared = co_await shared_in_path(request, services);
    if (!shared) co_return shared.error();
    Entries entries(services.db, services.pool);
    const auto entry = co_await entries.find(shared->owner, shared->id, *id);
    if (!entry) co_return entry.error();
    co_return http::json_response(whole(*entry));
}

Answer list_shared_files(http::Request& request, Services& services) {
    const auto shared = co_await shared_in_path(request, services);
    if (!shared) co_return shared.error();
    auto page = http::page_query(request);
    if (!page) co_return page.error();
    Files files(services.db, services.pool);
    const auto found = co_await files.list(shared->owner, shared->id, *page);
    if (!found) co_return found.error();
    co_return http::json_response(list_to_json("files", *found));
}

Answer show_shared_file(http::Request& request, Services& services) {
    auto found = co_await shared_file_in_path(request, services);
    if (!found) co_return found.error();
    co_return co_await file_answer(request, services, std::move(found->file));
}

Answer download_shared_file(http::Request& request, Services& services) {
    auto found = co_await shared_file_in_path(request, services);
    if (!found) co_return found.error();
    co_return co_await original_answer(request, services, found->owner, std::move(found->file));
}

}  // namespace bb::materials
