#pragma once
#include <functional>
#include <optional>
#include <string>

#include "base/core/task.hpp"
#include "base/core/uuid.hpp"
#include "base/db/database.hpp"
#include "services/mail/sender.hpp"

namespace bb::mail {

/// A notice to be mailed as soon as can be. Sign-in mails are not queued: they hold secrets, and are waited
/// for.
struct Notice {
    std::optional<Uuid> person;
    std::optional<std::string> address;  // none: the one the person has when the mail goes out
    std::string kind;
    std::string language;
    std::string payload = "{}";  // a JSON object without secrets
};

/// Puts a notice into the queue as a part of `tx`: it goes out exactly when that commits.
Task<void> enqueue(db::Transaction& tx, Notice notice);

/// A notice whose turn it is.
struct Queued {
    Uuid id;
    std::optional<Uuid> person;
    std::string address;
    std::string kind;
    std::string language;
    std::string payload;
};

/// Makes the mail of a notice.
using Compose = std::function<Message(const Queued&)>;

/// Tries the notices that are due, at most 50, one after the other, and returns how many there were. Several
/// servers may do so at once: each takes its own. A notice that is put off is tried again, less and less
/// often, for two days; one that is refused for good is parked, and so are all further ones to its address
/// until forgive_bounces(). A server that dies with a notice in hand sends it a second time rather than
/// never.
Task<int> deliver_due(db::Database& db, Sender& sender, const Compose& compose);

/// Does so every two seconds until it is cancelled. `db` and `sender` must outlive it.
Task<void> keep_delivering(db::Database& db, Sender& sender, Compose compose);

/// Somebody proved to read the mail of `address`: notices may go there again.
Task<void> forgive_bounces(db::Database& db, std::string address);

/// Deletes what has been parked for a month.
Task<void> sweep_queue(db::Database& db);

}  // namespace bb::mail
