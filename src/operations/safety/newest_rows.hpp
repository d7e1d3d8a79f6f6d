#pragma once
#include <map>
#include <string>

#include "base/core/time.hpp"
#include "base/db/session.hpp"
#include "operations/safety/manifest.hpp"

namespace bb::safety {

/// When the newest row was made of each table of `session`'s own schema that has rows and notes it
/// ("created_at", "at").
std::map<std::string, Time> newest_rows(db::Session& session);

/// Throws std::runtime_error with a sentence when the newest row of a table that `manifest` tells of is not
/// there.
void check_newest_rows(db::Session& session, const Manifest& manifest);

/// Whether any table has a row that was made at this moment.
bool has_row_of(db::Session& session, Time moment);

}  // namespace bb::safety
