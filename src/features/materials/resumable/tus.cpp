#include <fmt/format.h>

#include "base/core/crypto.hpp"
#include "base/core/number.hpp"
#include "base/core/utf8.hpp"
#include "features/materials/handlers.hpp"
#include "features/materials/render.hpp"
#include "features/materials/resumable/uploads.hpp"

// The resumable upload protocol tus 1.0.0 (https://tus.io/protocols/resumable-upload) with its extensions
// creation, termination and expiration.

namespace bb::materials {
namespace {

using accounts::owner_of;

constexpr std::string_view tus_version = "1.0.0";
constexpr const char* tus_extensions = "creation,termination,expiration";
constexpr std::size_t longest_metadata = 4096;

/// Marks whatever is answered as of this protocol, and refuses other versions of it.
std::optional<http::Response> speaks_otherwise(http::Request& request) {
    request.answer_headers.emplace_back("Tus-Resumable", std::string(tus_version));
    if (request.header("tus-resumable") == tus_version) return std::nullopt;
    auto answer =
        http::problem_of(412, "Send \"Tus-Resumable: 1.0.0\": this address speaks tus 1.0.0.", request.id);
    answer.header("Tus-Version", std::string(tus_version));
    return answer;
}

std::optional<std::int64_t> count_in(const http::Request& request, std::string_view name) {
    const auto text = request.header(name);
    if (text.empty() || text.size() > 15 || text.find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    return parse_number(text);
}

/// A value of Upload-Metadata: "name base64,other base64".
std::optional<std::string> metadata(const http::Request& request, std::string_view wanted) {
    std::string_view rest = request.header("upload-metadata");
    if (rest.size() > longest_metadata) return std::nullopt;
    while (!rest.empty()) {
        const auto comma = std::min(rest.find(','), rest.size());
        const auto pair = utf8::trim(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        const auto space = std::min(pair.find(' '), pair.size());
        if (pair.substr(0, space) != wanted) continue;
        return crypto::from_base64(utf8::trim(pair.substr(space)));
    }
    return std::nullopt;
}

std::string upload_json(const Upload& upload, std::int64_t offset) {
    JsonWriter json;
    json.object().field("id", upload.id).field("materialId", upload.material).field("name", upload.name);
    json.field("bytes", upload.bytes).field("offset", offset).field("done", offset == upload.bytes).end();
    return json.take();
}

void tell_expiry(http::Response& answer, const Upload& upload) {
    answer.header("Upload-Expires", to_http_date(upload.created_at + keep_uploads));
}

/// Where the file is that a whole upload has become.
void tell_offset(http::Response& answer, const Upload& upload, std::int64_t offset) {
    answer.header("Upload-Offset", std::to_string(offset));
    if (offset == upload.bytes)
        answer.header("Content-Location",
                      fmt::format("/api/materials/{}/files/{}", upload.material.text(), upload.id.text()));
    else
        tell_expiry(answer, upload);
}

Task<Result<Upload>> upload_in_path(http::Request& request, Services& services) {
    const auto id = request.path_id("id", "upload");
    if (!id) co_return id.error();
    const FileId upload{*id};
    co_return co_await services.uploads->find(owner_of(request), upload);
}

}  // namespace

Answer describe_uploads(http::Request& request, Services& services) {
    request.answer_headers.emplace_back("Tus-Resumable", std::string(tus_version));
    auto answer = http::no_content();
    answer.header("Tus-Version", std::string(tus_version));
    answer.header("Tus-Extension", tus_extensions);
    answer.header("Tus-Max-Size", std::to_string(services.uploads->largest()));
    co_return answer;
}

Answer begin_upload(http::Request& request, Services& services) {
    if (auto refused = speaks_otherwise(request)) co_return std::move(*refused);
    const auto bytes = count_in(request, "upload-length");
    if (!bytes) co_return bad_field("#/Upload-Length", "must say how many bytes will come");
    const auto name = metadata(request, "filename");
    if (!name) co_return bad_field("#/Upload-Metadata", "must hold \"filename\" in base64");
    const auto material = MaterialId::parse(metadata(request, "materialId").value_or(""));
    if (!material) co_return bad_field("#/Upload-Metadata", "must hold \"materialId\" in base64");
    const FileId id{request.id_to_make()};
    auto upload = co_await services.uploads->begin(owner_of(request), id, *material, *name, *bytes);
    if (!upload) co_return upload.error();
    auto answer = http::created(upload_json(*upload, 0), "/api/uploads/" + upload->id.text());
    tell_expiry(answer, *upload);
    co_return answer;
}

Answer show_upload(http::Request& request, Services& services) {
    if (auto refused = speaks_otherwise(request)) co_return std::move(*refused);
    auto upload = co_await upload_in_path(request, services);
    if (!upload) co_return upload.error();
    const auto offset = co_await services.uploads->offset(owner_of(request), *upload);
    if (!offset) co_return offset.error();
    auto answer = http::json_response(upload_json(*upload, *offset));
    answer.header("Upload-Length", std::to_string(upload->bytes));
    answer.header("Upload-Metadata", fmt::format("filename {},materialId {}", crypto::base64(upload->name),
                                                 crypto::base64(upload->material.text())));
    tell_offset(answer, *upload, *offset);
    co_return answer;
}

Answer continue_upload(http::Request& request, Services& services) {
    if (auto refused = speaks_otherwise(request)) co_return std::move(*refused);
    if (request.header("content-type") != "application/offset+octet-stream")
        co_return Error(ErrorCode::wrong_type, "Send the bytes as application/offset+octet-stream.");
    const auto from = count_in(request, "upload-offset");
    if (!from) co_return bad_field("#/Upload-Offset", "must say where the bytes begin");
    auto upload = co_await upload_in_path(request, services);
    if (!upload) co_return upload.error();
    const auto offset = co_await services.uploads->append(owner_of(request), *upload, *from, *request.pieces);
    if (!offset) co_return offset.error();
    auto answer = http::no_content();
    tell_offset(answer, *upload, *offset);
    co_return answer;
}

Answer cancel_upload(http::Request& request, Services& services) {
    if (auto refused = speaks_otherwise(request)) co_return std::move(*refused);
    auto upload = co_await upload_in_path(request, services);
    if (!upload) co_return upload.error();
    co_await services.uploads->remove(owner_of(request), upload->id);
    co_return http::no_content();
}

}  // namespace bb::materials
