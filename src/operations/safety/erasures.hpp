#pragma once
#include <optional>
#include <set>

#include "base/core/time.hpp"
#include "base/core/uuid.hpp"
#include "base/db/session.hpp"
#include "operations/safety/destination.hpp"

namespace bb::safety {

/// People whose accounts were erased: their ids alone, which name nobody any more.
using Erased = std::set<Uuid>;

/// Those that the audit log of a database tells of; none when it has no such log.
Erased erased_in(db::Session& session);

/// Those noted beside the backups, where they outlive the database. Throws std::runtime_error naming the line
/// that is no id.
Erased erased_beside(const Destination& destination);

/// Notes them beside the backups, with those that stand there. True when there was something to note. Throws
/// std::system_error.
bool note_erased(const Destination& destination, const Erased& erased);

}  // namespace bb::safety
