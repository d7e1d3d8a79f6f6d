#include "base/http/scope.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bb::http {

std::optional<Error> refuse_key(const Request& request, const Route& route) {
    if (!request.principal || !request.principal->key) return std::nullopt;
    const std::string_view wanted = key_scope(route);
    if (wanted.empty())
        return Error(ErrorCode::forbidden, "No API key may do this. Sign in with a browser to do it.");
    const auto has = [&](std::string_view scope) {
        const auto& scopes = request.principal->key->scopes;
        return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
    };
    if (wanted == "any" || has(wanted) || (wanted == "read" && has("write"))) return std::nullopt;
    return Error(ErrorCode::forbidden,
                 fmt::format("This API key does not have the scope \"{}\", which this needs.", wanted));
}

}  // namespace bb::http
