#pragma once
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/trace.hpp"
#include "base/core/uuid.hpp"
#include "base/http/body_reader.hpp"

namespace bb::http {

enum class Method { get, head, post, put, patch, del, options, other };
std::string_view name_of(Method method);

/// The API key that a request came with.
struct KeyUse {
    Uuid id;
    std::vector<std::string> scopes;  // some of "read", "write", "admin"
};

/// Who is asking, as the session middleware found out.
struct Principal {
    Uuid user;
    Uuid session;      // all zero when a key stands for the person
    std::string role;  // "student", "teacher" or "administrator"
    std::optional<KeyUse> key = std::nullopt;
};

/// One request as a handler sees it. Lives until its response is written (or its stream has begun).
class Request {
public:
    Method method = Method::other;
    std::string target;                                            // as sent
    std::string path;                                              // percent-decoded, without the query
    std::vector<std::pair<std::string, std::string>> query_items;  // decoded
    std::vector<std::pair<std::string, std::string>> headers;      // names in lower case
    std::string body;
    BodyReader* pieces = nullptr;  // of the body, on a route that takes it so
    std::string peer;  // address of the client: the connection's, or the forwarded one from a trusted proxy
    bool loopback = false;  // straight from this machine, through no proxy
    bool secure = false;    // the client came by https
    std::string id;         // request id, in the log and in every problem
    Trace trace;
    std::vector<std::pair<std::string_view, std::string>> path_params;
    std::optional<Principal> principal;
    bool put_off = false;  // asked to come back later by Hooks::closed, which counts by itself
    /// Fields that the middleware adds to the answer, whatever it is.
    std::vector<std::pair<std::string_view, std::string>> answer_headers;
    /// The id of what this request makes, chosen beforehand so that a repetition cannot make a second one.
    std::optional<Uuid> chosen_id;

    /// First header with this lower-case name, or empty.
    std::string_view header(std::string_view name) const;
    /// A cookie's value, or empty.
    std::string_view cookie(std::string_view name) const;
    /// What follows "Bearer" in the Authorization field; nullopt when it holds no such thing.
    std::optional<std::string_view> bearer() const;
    /// A query parameter's value, or nullopt.
    std::optional<std::string_view> query(std::string_view name) const;
    /// An identifier in the path. Errors: not_found when it has not the form of one.
    Result<Uuid> path_id(std::string_view name, std::string_view what) const;
    template <class Id>
    Result<Id> path_id(std::string_view name, std::string_view what) const {
        const auto id = path_id(name, what);
        if (!id) return id.error();
        return Id{*id};
    }
    /// The body as JSON. Errors: wrong_type unless the content type is application/json, malformed.
    Result<boost::json::value> json() const;
    /// The signed-in person; only on routes that need a session (throws std::logic_error elsewhere).
    Uuid user() const;
    /// The id of the (first) row that this request makes.
    Uuid id_to_make() const { return chosen_id ? *chosen_id : Uuid::make(); }
    template <class Id>
    Id id_to_make() const {
        return Id{id_to_make()};
    }
    const Principal& who() const;
    /// For what this request begins.
    Origin origin() const { return {id, trace}; }
};

/// Reads `limit` (1 to `max`) and `after` of a list request. Errors: invalid_input.
struct PageQuery {
    int limit = 50;
    std::optional<std::string> after;
};
Result<PageQuery> page_query(const Request& request, int standard = 50, int max = 200);

}  // namespace bb::http
