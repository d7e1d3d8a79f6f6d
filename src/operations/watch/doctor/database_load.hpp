#pragma once
#include "base/db/session.hpp"
#include "operations/watch/doctor/finding.hpp"
#include "operations/watch/doctor/subject.hpp"

namespace bb::watch {

/// What goes on in the database server: indexes, dead rows, locks, transactions, cache, connections, age of
/// transaction numbers, replication slots. `session` sees best as the superuser.
void look_at_load(Findings& findings, db::Session& session, const Subject& subject);

}  // namespace bb::watch
