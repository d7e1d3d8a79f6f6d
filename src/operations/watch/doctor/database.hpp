#pragma once
#include <optional>
#include <string>

#include "base/core/time.hpp"
#include "base/db/session.hpp"
#include "operations/watch/doctor/finding.hpp"
#include "operations/watch/doctor/subject.hpp"

namespace bb::watch {

/// The day on which the last release of a major version of PostgreSQL comes out, "2027-11-11"; nothing: it is
/// not known here. From https://www.postgresql.org/support/versioning/ as of November 2026.
std::optional<std::string> end_of_postgres(int major);

/// Says how far the support of a version goes. `number`: as server_version_num has it.
void judge_version(Findings& findings, int number, Time at);

/// Says whether this program runs on a schema. `newest`: number of its last migration; `too_new`: migrations
/// above ours that took something away.
void judge_schema(Findings& findings, int newest, std::int64_t too_new);

/// Connects and looks at the database server, as far as its role may see. False when there is no connection:
/// then that is told, and what to do about it.
bool look_at_database(Findings& findings, const Subject& subject);

/// Letters that wait too long, or for ever.
void look_at_mail_queue(Findings& findings, db::Session& session);

/// Files to be read, and other work, that waits too long or was given up.
void look_at_jobs(Findings& findings, db::Session& session);

/// The age of the newest key that seals secrets.
void look_at_key_ring(Findings& findings, db::Session& session);

/// A connection that ends no look late: a statement has a second and a half, changes nothing, and waits for
/// no lock.
db::Session short_session(const std::string& conninfo);

}  // namespace bb::watch
