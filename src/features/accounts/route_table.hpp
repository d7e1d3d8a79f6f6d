#pragma once
#include <memory>
#include <span>

#include "features/accounts/handlers.hpp"

namespace bb::accounts {

/// One route of this feature.
struct AccountRoute {
    http::Method method;
    const char* pattern;
    Answer (*handle)(http::Request&, Services&);
    http::Access access;
    const char* summary;
    const char* request_schema;
    const char* response_schema;
    int success;
    bool repeatable = false;  // see http::RouteOptions
};

/// Adds every route of a table; `shared` lives as long as the router.
inline void add_routes(http::Router& router, std::span<const AccountRoute> table,
                       const std::shared_ptr<Services>& shared) {
    for (const auto& route : table) {
        http::RouteOptions options;
        options.access = route.access;
        options.repeatable = route.repeatable;
        options.operation = {route.summary, route.request_schema, route.response_schema, route.success};
        auto handler = [shared, handle = route.handle](http::Request& request) {
            return handle(request, *shared);
        };
        router.add(route.method, route.pattern, std::move(handler), std::move(options));
    }
}

/// Adds /api/admin/...
void bind_administration_routes(http::Router& router, const std::shared_ptr<Services>& shared);

/// Adds /api/passkeys, /api/recovery-codes and the ways to sign in with them.
void bind_passkey_routes(http::Router& router, const std::shared_ptr<Services>& shared);

}  // namespace bb::accounts
