#pragma once
#include <optional>
#include <string>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/http/router.hpp"

namespace bb::access {

/// The Idempotency-Key of a request (draft-ietf-httpapi-idempotency-key-header): a quoted string, or bare. 1
/// to 200 visible characters. Errors: malformed.
Result<std::string> idempotency_key(const http::Request& request);

/// The same for requests that ask for the same: path, query and body; of a form its parts, since its boundary
/// is another one each time.
std::string fingerprint_of(const http::Request& request);

/// Carries out creates that come with an Idempotency-Key so that all sends of one key together make one
/// thing, also when the node that carries one out is killed at any moment.
///
/// The key's row is written first and holds the id of what will be made. Whoever carries the request out, and
/// however many do, makes it with this id: its primary key lets one through. What a killed node left can be
/// claimed by another send after a minute; that one looks whether the thing is there before it makes it.
class Idempotency {
public:
    Idempotency(db::Database& db, const http::Router& router) : db_(db), router_(router) {}

    /// For Hooks::carry_out_once. Errors: malformed (the key), invalid_input (the key came with something
    /// else), conflict (it is being carried out).
    Task<Result<http::Response>> carry_out(http::Request& request, const http::Route& route);

private:
    struct Entry {
        Uuid owner;
        std::string route;
        std::string key;
        std::string fingerprint;
        Uuid claim;
        std::string request;  // its id, for the log
    };
    Task<Result<http::Response>> answer_again(const http::Request& request, const Entry& entry);
    Task<std::optional<http::Response>> make(http::Request& request, const http::Route& route,
                                             bool claimed_from_another);
    Task<std::optional<http::Response>> show_made(const http::Request& request, Uuid made);
    Task<void> keep(const Entry& entry, const http::Response* response);

    db::Database& db_;
    const http::Router& router_;
};

/// Forgets keys of more than a day ago.
Task<void> sweep_idempotency_keys(db::Database& db);

}  // namespace bb::access
