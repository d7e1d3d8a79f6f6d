#pragma once
#include <optional>
#include <string>

#include "base/core/task.hpp"
#include "base/core/uuid.hpp"
#include "base/db/database.hpp"
#include "base/http/request.hpp"

namespace bb::audit {

/// Who did something, and from where.
struct Origin {
    std::optional<Uuid> person;  // signed in; without one it was nobody known
    bool by_operator = false;    // on the command line
    std::string network = "";    // as access::shorten_network gives it
    std::string request_id = "";
    std::optional<Uuid> key = std::nullopt;  // the person's API key that did it
};

/// The person who sends `request`, or nobody known.
Origin origin_of(const http::Request& request);
/// `person` from where `request` comes: for a sign-in, which has no session yet.
Origin origin_of(const http::Request& request, Uuid person);
Origin by_operator();

/// What is written down of an event. `details` never holds secrets, addresses or what people wrote.
struct Entry {
    Origin origin;
    std::string action;             // a stable dotted name: "sign_in.succeeded"
    std::string subject_kind = "";  // "person", "session", "key", "invitation", "material", "policy",
                                    // "configuration", "release" or nothing
    std::string subject_id = "";
    std::string details = "{}";  // a JSON object
};

/// Adds an entry to the chain as a part of `tx`. Let it be the last statement: entries of others wait from
/// here to the end of the transaction.
Task<void> append(db::Transaction& tx, Entry entry);

/// The same by itself, for what has no transaction of its own.
Task<void> record(db::Database& db, Entry entry);

/// The same for what anybody can cause at will. At most 5 of an action are kept from one network within a
/// minute, and 60 from everywhere; the last that is kept says so in its details (`"more":true`).
Task<void> record_limited(db::Database& db, Entry entry);

}  // namespace bb::audit
