#include "features/materials/routes.hpp"

#include <memory>

#include "features/materials/handlers.hpp"
#include "features/materials/schemas.hpp"
#include "features/materials/sharing/sharing_handlers.hpp"
#include "features/materials/upload.hpp"

namespace bb::materials {
namespace {

using http::Method;
using Handle = Answer (*)(http::Request&, Services&);

constexpr std::size_t usual = 1 << 20;
constexpr std::size_t largest_upload = std::size_t{1} << 40;  // each is bounded by its own length
constexpr std::size_t long_text = 8 << 20;                    // a million characters, escaped

struct MaterialRoute {
    Method method;
    const char* pattern;
    Handle handle;
    const char* summary;
    const char* request_schema = "";
    const char* response_schema = "";
    int success = 200;
    std::size_t body_limit = usual;
    bool takes_pieces = false;
};

constexpr MaterialRoute table[] = {
    {Method::get, "/api/subjects", list_subjects, "Subjects by name", "", schema::subjects},
    {Method::post, "/api/subjects", create_subject, "Make a subject", schema::subject_body, schema::subject,
     201},
    {Method::get, "/api/subjects/{id}", show_subject, "One subject", "", schema::subject},
    {Method::patch, "/api/subjects/{id}", change_subject, "Rename a subject", schema::subject_body,
     schema::subject},
    {Method::del, "/api/subjects/{id}", delete_subject, "Delete a subject; its materials stay", "", "", 204},

    {Method::get, "/api/materials", list_materials, "Materials, last changed first", "", schema::materials},
    {Method::post, "/api/materials", create_material, "Make a material", schema::new_material,
     schema::material, 201},
    {Method::get, "/api/materials/{id}", show_material, "One material", "", schema::material},
    {Method::patch, "/api/materials/{id}", change_material, "Change a material", schema::material_change,
     schema::material},
    {Method::del, "/api/materials/{id}", delete_material, "Delete a material (it can be restored)", "", "",
     204},
    {Method::post, "/api/materials/{id}/restore", restore_material, "Take a deletion back", "",
     schema::material},

    {Method::get, "/api/materials/{id}/entries", list_entries, "Entries by position", "", schema::entries},
    {Method::post, "/api/materials/{id}/entries", create_entry, "Write an entry", schema::new_entry,
     schema::entry, 201, long_text},
    {Method::get, "/api/materials/{id}/entries/{entryId}", show_entry, "One entry with its text", "",
     schema::entry},
    {Method::patch, "/api/materials/{id}/entries/{entryId}", change_entry, "Change, place or move an entry",
     schema::entry_change, schema::entry, 200, long_text},
    {Method::del, "/api/materials/{id}/entries/{entryId}", delete_entry,
     "Delete an entry (it can be restored)", "", "", 204},
    {Method::post, "/api/materials/{id}/entries/{entryId}/restore", restore_entry, "Take a deletion back", "",
     schema::entry},

    {Method::get, "/api/materials/{id}/files", list_files, "Files in the order of upload", "", schema::files},
    {Method::post, "/api/materials/{id}/files", upload_files,
     "Upload files (multipart/form-data, field \"file\", repeatable); their state says when they are read",
     "", schema::file, 201, max_upload_bytes},
    {Method::post, "/api/materials/{id}/pages", add_page,
     "Keep a web page as a file; its state says when it is fetched and read", schema::new_page, schema::file,
     201},
    {Method::get, "/api/materials/{id}/files/{fileId}", show_file, "One file with its text", "",
     schema::file},
    {Method::get, "/api/materials/{id}/files/{fileId}/content", download_file, "The original bytes"},
    {Method::patch, "/api/materials/{id}/files/{fileId}", change_file, "Rename or move a file",
     schema::file_change, schema::file},
    {Method::del, "/api/materials/{id}/files/{fileId}", delete_file, "Delete a file (it can be restored)", "",
     "", 204},
    {Method::post, "/api/materials/{id}/files/{fileId}/restore", restore_file, "Take a deletion back", "",
     schema::file},
    {Method::post, "/api/materials/{id}/files/{fileId}/read", read_file_again,
     "Read a file, or fetch a page, again that could not be", "", schema::file},

    {Method::options, "/api/uploads", describe_uploads, "What resumable uploads (tus 1.0.0) can do here", "",
     "", 204},
    {Method::post, "/api/uploads", begin_upload,
     "Begin a resumable upload: Upload-Length, and filename and materialId in Upload-Metadata", "",
     schema::upload, 201},
    {Method::get, "/api/uploads/{id}", show_upload, "How much of an upload is here", "", schema::upload},
    {Method::patch, "/api/uploads/{id}", continue_upload,
     "Bring bytes from Upload-Offset on; the last one makes it a file with the same id", "", "", 204,
     largest_upload, true},
    {Method::del, "/api/uploads/{id}", cancel_upload, "Give an upload up", "", "", 204},

    {Method::get, "/api/search", search,
     "Passages and messages by words, materials and threads by their titles", "", schema::results},
};

}  // namespace

void bind_routes(http::Router& router, Services services) {
    const auto shared = std::make_shared<Services>(services);
    for (const MaterialRoute& route : table) {
        http::RouteOptions options;
        options.body_limit = route.body_limit;
        options.takes_pieces = route.takes_pieces;
        options.repeatable = route.success == 201;
        options.operation = {route.summary, route.request_schema, route.response_schema, route.success};
        auto handler = [shared, handle = route.handle](http::Request& request) {
            return handle(request, *shared);
        };
        router.add(route.method, route.pattern, std::move(handler), std::move(options));
    }
    bind_sharing_routes(router, shared);
}

}  // namespace bb::materials
