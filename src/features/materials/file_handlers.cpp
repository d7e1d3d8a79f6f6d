#include <optional>

#include "base/core/json_reader.hpp"
#include "base/http/gzip.hpp"
#include "features/materials/files.hpp"
#include "features/materials/handlers.hpp"
#include "features/materials/render.hpp"
#include "features/materials/upload.hpp"

namespace bb::materials {
namespace {

using accounts::owner_of;

constexpr TextLimits name_limits{1, 255};

/// /api/materials/{id}/files/{fileId}
struct FilePlace {
    MaterialId material;
    FileId file;
};

Result<FilePlace> file_in_path(const http::Request& request) {
    const auto material = request.path_id<MaterialId>("id", "material");
    if (!material) return material.error();
    const auto file = request.path_id("fileId", "file");
    if (!file) return file.error();
    return FilePlace{*material, FileId{*file}};
}

Result<FileChange> read_file_change(const http::Request& request) {
    const auto body = request.json();
    if (!body) return body.error();
    FieldReader in(*body);
    FileChange change;
    change.name = in.optional_text("name", name_limits);
    if (change.name && change.name->find_first_of("/\\") != std::string::npos)
        in.complain("name", "must not hold slashes");
    if (const auto material = in.optional_uuid("materialId")) change.material = MaterialId{*material};
    if (auto bad = in.error()) return *bad;
    return change;
}

std::int64_t bytes_of(const std::vector<UploadedFile>& uploads) {
    std::int64_t bytes = 0;
    for (const auto& upload : uploads) bytes += static_cast<std::int64_t>(upload.bytes.size());
    return bytes;
}

/// Stores the originals. Rows that name them come afterwards, so that no row ever names a missing file.
Task<std::vector<NewFile>> store(Services& services, UserId owner, std::vector<UploadedFile> uploads) {
    std::vector<NewFile> files;
    for (const UploadedFile& upload : uploads) {
        NewFile file;
        file.digest = co_await services.files.put(owner.value, upload.bytes);
        file.name = upload.name;
        file.media_type = upload.media_type;
        file.bytes = static_cast<std::int64_t>(upload.bytes.size());
        if (upload.text) file.text = std::string(*upload.text);
        files.push_back(std::move(file));
    }
    co_return files;
}

constexpr std::size_t quick = 64 * 1024;  // bytes of text; about a millisecond with their compression

std::string made_to_json(const std::vector<File>& files) {
    if (files.size() == 1) return to_json(files[0]);
    JsonWriter json;
    json.object().key("files").array();
    for (const File& file : files) write(json, file);
    json.end().end();
    return json.take();
}

/// What a HEAD is answered with: none of its bytes is sent, and to look for them may cost a whole download.
http::FileBody sized(const File& file) {
    http::FileBody body;
    body.source = http::source_of({});
    body.size = static_cast<std::uint64_t>(file.bytes);
    return body;
}

}  // namespace

Answer file_answer(const http::Request& request, Services& services, File file) {
    auto answer = tagged(request, http::json_response({}), file.version, tag_of(file));
    if (answer.status == 304) co_return answer;
    if (file.text.size() <= quick) {
        answer.body = whole(file);
        co_return answer;
    }
    const bool packed = http::accepts_coding(request.header("accept-encoding"), "gzip");
    auto render = [&file, packed] {
        auto json = whole(file);
        return packed ? http::gzip(json) : json;
    };
    answer.body = co_await services.pool.run(std::move(render));
    if (packed) answer.header("Content-Encoding", "gzip");
    co_return answer;
}

Answer original_answer(const http::Request& request, Services& services, UserId owner, File file) {
    if (file.is_unfetched())
        co_return Error(ErrorCode::conflict, "This page has not been fetched yet, or could not be.");
    std::optional<http::FileBody> body;
    if (request.method == http::Method::head)
        body = sized(file);
    else
        body = co_await services.files.open(owner.value, file.digest, request.id);
    if (!body)
        throw std::runtime_error("the original of a file is missing in the file store, or was changed");
    http::Response response;
    // What was read from another encoding has an original that nobody can name.
    const auto text_bytes = static_cast<std::int64_t>(file.text.size());
    const bool is_utf8 = text_bytes == file.bytes || text_bytes + 3 == file.bytes;  // with its mark
    const bool is_text = file.media_type.starts_with("text/") && is_utf8;
    response.header("Content-Type", file.media_type + (is_text ? "; charset=utf-8" : ""));
    response.header("Content-Disposition", content_disposition(file.name));
    response.header("Cache-Control", "no-store");
    response.file = std::move(*body);
    co_return response;
}

Answer list_files(http::Request& request, Services& services) {
    const auto material = request.path_id<MaterialId>("id", "material");
    if (!material) co_return material.error();
    auto page = http::page_query(request);
    if (!page) co_return page.error();
    Files files(services.db, services.pool);
    auto found = co_await files.list(owner_of(request), *material, *page);
    if (!found) co_return found.error();
    co_return http::with_etag(request, http::json_response(list_to_json("files", *found)));
}

Answer upload_files(http::Request& request, Services& services) {
    const auto material = request.path_id<MaterialId>("id", "material");
    if (!material) co_return material.error();
    const UserId owner = owner_of(request);
    Files files(services.db, services.pool);
    http::PageQuery first;
    first.limit = 1;
    auto there = co_await files.list(owner, *material, first);
    if (!there) co_return there.error();
    auto read = [&request] {
        return read_upload(request);
    };
    auto uploads = co_await services.pool.run(std::move(read));
    if (!uploads) co_return uploads.error();
    const auto room = co_await check_room(services.db, owner, bytes_of(*uploads), services.storage);
    if (!room) co_return room.error();
    auto stored = co_await store(services, owner, std::move(*uploads));
    const FileId first_id{request.id_to_make()};
    const auto admit = within(owner, services.storage);
    auto made = co_await files.create(owner, *material, first_id, std::move(stored), admit);
    if (!made) co_return made.error();
    co_return http::created(made_to_json(*made), request.path + "/" + made->front().id.text());
}

Answer show_file(http::Request& request, Services& services) {
    const auto place = file_in_path(request);
    if (!place) co_return place.error();
    Files files(services.db, services.pool);
    auto file = co_await files.find(owner_of(request), place->material, place->file);
    if (!file) co_return file.error();
    co_return co_await file_answer(request, services, std::move(*file));
}

Answer download_file(http::Request& request, Services& services) {
    const auto place = file_in_path(request);
    if (!place) co_return place.error();
    const UserId owner = owner_of(request);
    Files files(services.db, services.pool);
    auto file = co_await files.find(owner, place->material, place->file);
    if (!file) co_return file.error();
    co_return co_await original_answer(request, services, owner, std::move(*file));
}

Answer change_file(http::Request& request, Services& services) {
    const auto place = file_in_path(request);
    if (!place) co_return place.error();
    auto change = read_file_change(request);
    if (!change) co_return change.error();
    Files files(services.db, services.pool);
    auto file = co_await files.change(owner_of(request), place->material, place->file, std::move(*change),
                                      http::IfMatch::of(request));
    if (!file) co_return file.error();
    co_return co_await file_answer(request, services, std::move(*file));
}

Answer delete_file(http::Request& request, Services& services) {
    const auto place = file_in_path(request);
    if (!place) co_return place.error();
    Files files(services.db, services.pool);
    auto gone =
        co_await files.remove(owner_of(request), place->material, place->file, http::IfMatch::of(request));
    if (!gone) co_return gone.error();
    co_return http::no_content();
}

Answer read_file_again(http::Request& request, Services& services) {
    const auto place = file_in_path(request);
    if (!place) co_return place.error();
    Files files(services.db, services.pool);
    auto file = co_await files.read_again(owner_of(request), place->material, place->file);
    if (!file) co_return file.error();
    co_return co_await file_answer(request, services, std::move(*file));
}

Answer restore_file(http::Request& request, Services& services) {
    const auto place = file_in_path(request);
    if (!place) co_return place.error();
    Files files(services.db, services.pool);
    auto file = co_await files.restore(owner_of(request), place->material, place->file, services.storage);
    if (!file) co_return file.error();
    co_return co_await file_answer(request, services, std::move(*file));
}

}  // namespace bb::materials
