#include "features/materials/schemas.hpp"
#include "features/materials/sharing/sharing_handlers.hpp"

namespace bb::materials {
namespace {

using http::Method;

struct SharingRoute {
    Method method;
    const char* pattern;
    Answer (*handle)(http::Request&, Services&);
    const char* summary;
    const char* request_schema = "";
    const char* response_schema = "";
    int success = 200;
};

constexpr SharingRoute sharing_table[] = {
    {Method::get, "/api/materials/{id}/shares", list_shares, "Who may read a material besides its owner", "",
     schema::shares},
    {Method::post, "/api/materials/{id}/shares", create_share,
     "Share a material, to be read only: by a link, whose token is shown here alone, or with a person",
     schema::new_share, schema::made_share, 201},
    {Method::del, "/api/materials/{id}/shares/{shareId}", revoke_share, "Revoke a share at once", "", "",
     204},

    {Method::post, "/api/shared/open", open_share, "Read by a link from now on", schema::share_token,
     schema::opened_share},
    {Method::get, "/api/shared", list_shared, "What others share with one, last changed first", "",
     schema::materials},
    {Method::get, "/api/shared/{id}", show_shared, "One shared material", "", schema::shared_material},
    {Method::del, "/api/shared/{id}", leave_shared, "Give up reading a shared material", "", "", 204},
    {Method::post, "/api/shared/{id}/copy", copy_shared,
     "Copy a shared material to one's own, which the tutor and the search know", "", schema::material, 201},
    {Method::get, "/api/shared/{id}/entries", list_shared_entries, "Its entries by position", "",
     schema::entries},
    {Method::get, "/api/shared/{id}/entries/{entryId}", show_shared_entry, "One of its entries with its text",
     "", schema::entry},
    {Method::get, "/api/shared/{id}/files", list_shared_files, "Its files in the order of upload", "",
     schema::files},
    {Method::get, "/api/shared/{id}/files/{fileId}", show_shared_file, "One of its files with its text", "",
     schema::file},
    {Method::get, "/api/shared/{id}/files/{fileId}/content", download_shared_file,
     "The original bytes of one of its files"},
};

}  // namespace

void bind_sharing_routes(http::Router& router, std::shared_ptr<Services> services) {
    for (const SharingRoute& route : sharing_table) {
        http::RouteOptions options;
        options.operation = {route.summary, route.request_schema, route.response_schema, route.success};
        auto handler = [services, handle = route.handle](http::Request& request) {
            return handle(request, *services);
        };
        router.add(route.method, route.pattern, std::move(handler), std::move(options));
    }
}

}  // namespace bb::materials
