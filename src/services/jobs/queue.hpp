#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/core/task.hpp"
#include "base/core/uuid.hpp"
#include "base/db/database.hpp"

// Work that is done sometime soon, by whichever server comes first: a row of the table "jobs" for each piece.

namespace bb::jobs {

/// A piece of work in hand.
struct Job {
    Uuid id;
    Uuid owner;
    Uuid subject;      // what it is about, such as a file
    int attempts = 0;  // with this one
};

/// The notification that work has come in; its payload is the kind.
inline constexpr const char* waits_channel = "job_waits";

/// Puts work into the queue as a part of `tx`: it is done exactly when that commits, and every server hears
/// of it then. Work that is queued already begins anew.
Task<void> add(db::Transaction& tx, std::string_view kind, Uuid owner, Uuid subject);

/// The same for work that can wait as it is: what is queued already, or was given up, stays untouched.
Task<void> add_missing(db::Transaction& tx, std::string_view kind, Uuid owner, Uuid subject);

/// How much of a kind waits or is in hand.
Task<std::int64_t> count_of_any_owner(db::Database& db, std::string_view kind);

/// Takes the next piece of a kind, by turns between people. Another server takes it when nothing is heard of
/// it within `lease`: whoever had it has died.
Task<std::optional<Job>> claim(db::Database& db, std::string_view kind, std::chrono::seconds lease);

/// Says that the work is still in hand.
Task<void> renew(db::Database& db, const Job& job, std::chrono::seconds lease);

/// Takes finished work off the queue as a part of `tx`, with its result. False when it is not ours any more:
/// the result must not be kept then.
Task<bool> finish(db::Transaction& tx, const Job& job);

/// Tries later: after 10, 20, 40 seconds and so on, up to an hour.
Task<void> put_off(db::Database& db, const Job& job, std::string_view reason);

/// Gives work back that was not begun in earnest: it is as if it had never been claimed.
Task<void> give_back(db::Database& db, const Job& job);

/// Leaves work that cannot be done for an operator to see. False as of finish().
Task<bool> park(db::Transaction& tx, const Job& job, std::string_view reason);

/// Deletes what has been parked for a month.
Task<void> sweep_of_any_owner(db::Database& db);

}  // namespace bb::jobs
