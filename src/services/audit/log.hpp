#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/core/crypto.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/task.hpp"
#include "base/core/time.hpp"
#include "base/core/uuid.hpp"
#include "base/db/database.hpp"

namespace bb::audit {

/// An entry as it is read back.
struct Record {
    std::int64_t seq;
    Time at;
    std::string actor_kind;  // "person", "operator" or "anonymous"
    std::optional<Uuid> actor_id;
    std::optional<std::string> actor_email;  // while the person has an account
    std::string action;
    std::string subject_kind;
    std::string subject_id;
    std::optional<std::string> subject_email;  // of a person, while they have an account
    std::string network;
    std::string request_id;
    std::string details;  // JSON object
};

/// Which entries to read. What is absent does not restrict.
struct Filter {
    std::optional<Time> since;
    std::optional<Uuid> person;  // who acted
    std::optional<std::string> actor_kind;
    std::string action = "";             // beginning of the action's name
    std::optional<std::int64_t> before;  // only entries below this number
};

/// The newest entries that fit, newest first; at most `limit`.
Task<std::vector<Record>> newest(db::Database& db, Filter filter, int limit);
/// Entries above number `after` that fit, oldest first; at most `limit`.
Task<std::vector<Record>> following(db::Database& db, Filter filter, std::int64_t after, int limit);

/// Something that somebody else did to or with a person's account.
struct Look {
    std::int64_t seq;
    Time at;
    std::string actor_kind;                 // as in Record
    std::optional<std::string> actor_name;  // while they have an account
    std::string action;
};
/// What others did, newest first, below number `before`; at most `limit`.
Task<std::vector<Look>> looks_at(db::Database& db, Uuid person, std::optional<std::int64_t> before,
                                 int limit);

/// {"seq":...,"at":...,"actor":{"kind":...,"id":...,"email":...},"action":...,...}
void write(JsonWriter& json, const Record& record);

/// What verify() found. `fault` is empty when every entry is as it was written.
struct Verdict {
    std::int64_t entries = 0;  // good ones, from the first
    std::int64_t seq = 0;      // of the first that is not
    std::string fault;         // a sentence about it
    crypto::Digest head{};     // hash of the last entry
};

/// Goes on after the good entries of `so_far`, with at most `most` more: true when the end was reached or an
/// entry is not as it was written.
Task<bool> verify_more(db::Database& db, Verdict& so_far, std::int64_t most);

/// Reads the whole chain and computes it again. Entries that are added meanwhile are left for the next time.
Task<Verdict> verify(db::Database& db);

}  // namespace bb::audit
