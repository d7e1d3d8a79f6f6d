#pragma once
#include "base/http/router.hpp"
#include "features/materials/handlers.hpp"

// What stands behind the routes of sharing; see sharing_routes.cpp for the table.

namespace bb::materials {

Answer list_shares(http::Request& request, Services& services);
Answer create_share(http::Request& request, Services& services);
Answer revoke_share(http::Request& request, Services& services);

Answer open_share(http::Request& request, Services& services);
Answer list_shared(http::Request& request, Services& services);
Answer show_shared(http::Request& request, Services& services);
Answer leave_shared(http::Request& request, Services& services);
Answer copy_shared(http::Request& request, Services& services);
Answer list_shared_entries(http::Request& request, Services& services);
Answer show_shared_entry(http::Request& request, Services& services);
Answer list_shared_files(http::Request& request, Services& services);
Answer show_shared_file(http::Request& request, Services& services);
Answer download_shared_file(http::Request& request, Services& services);

/// /api/materials/{id}/shares and /api/shared.
void bind_sharing_routes(http::Router& router, std::shared_ptr<Services> services);

}  // namespace bb::materials
