#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/task.hpp"
#include "base/http/request.hpp"
#include "base/http/response.hpp"

namespace bb::http {

/// Routes are closed by default: `open` must be said.
enum class Access { signed_in, administrator, open };

using Handler = std::function<Task<Result<Response>>(Request&)>;

/// What the OpenAPI 3.1 document says of a route. Schemas are JSON text or "#Name" of a shared schema.
struct Operation {
    std::string summary;
    std::string request_schema;   // empty: no body
    std::string response_schema;  // empty: no body
    int success = 200;
};

struct RouteOptions {
    Access access = Access::signed_in;
    std::size_t body_limit = 1 << 20;  // bytes
    Operation operation;
    /// The handler reads the body itself, from Request::pieces; `body_limit` bounds it all the same.
    bool takes_pieces = false;
    /// A create that may be sent again with the same Idempotency-Key. What it makes has Request::id_to_make()
    /// and is shown by GET at this path, a slash and the id. Not for answers with a secret: they are stored.
    bool repeatable = false;
    /// For people alone, never for their API keys: what is about the account itself.
    bool person_only = false;
};

struct Route {
    Method method;
    std::string pattern;  // "/api/materials/{id}"; "{rest...}" at the end takes the remaining path
    RouteOptions options;
    Handler handler;
};

/// The scope an API key must have on a route: "read", "write" or "admin"; "any" when each will do; empty when
/// no key is let in.
std::string_view key_scope(const Route& route);

class Router {
public:
    void add(Method method, std::string pattern, Handler handler, RouteOptions options);
    void get(std::string pattern, Handler handler, RouteOptions options) {
        add(Method::get, std::move(pattern), std::move(handler), std::move(options));
    }
    void post(std::string pattern, Handler handler, RouteOptions options) {
        add(Method::post, std::move(pattern), std::move(handler), std::move(options));
    }
    void patch(std::string pattern, Handler handler, RouteOptions options) {
        add(Method::patch, std::move(pattern), std::move(handler), std::move(options));
    }
    void del(std::string pattern, Handler handler, RouteOptions options) {
        add(Method::del, std::move(pattern), std::move(handler), std::move(options));
    }

    struct Match {
        const Route* route = nullptr;  // null: no such path, or not with this method
        std::vector<Method> allowed;   // filled when the path exists only with other methods
    };
    /// Finds the route and fills request.path_params. Literal segments win over parameters.
    Match match(Request& request) const;
    const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

private:
    struct Node;
    struct Search;
    std::vector<std::unique_ptr<Route>> routes_;
    std::shared_ptr<Node> root_;
};

/// The OpenAPI 3.1 document of the routes; `schemas` is a JSON object of shared schemas.
std::string openapi_document(const Router& router, std::string_view version, std::string_view schemas);

}  // namespace bb::http
