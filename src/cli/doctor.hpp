#pragma once
#include "cli/cli.hpp"
#include "operations/safety/destination.hpp"
#include "operations/watch/doctor/finding.hpp"
#include "operations/watch/doctor/subject.hpp"

namespace bb::cli {

void register_doctor(CLI::App& app, Chosen& chosen);

/// When the last backups and the last drill were, as the database has noted it.
void look_at_runs(watch::Findings& findings, const watch::Subject& subject);
/// Whether a place of the backups can be reached and written to, and how far the log in it goes.
void look_at_place(watch::Findings& findings, const watch::Subject& subject, safety::Destination place);
/// Whether the buckets that uploaded files are kept in answer; nothing where there are none.
void look_at_file_buckets(watch::Findings& findings, const watch::Subject& subject);
/// What stands around the processes that read files: as this account may, on this machine.
void look_at_reading(watch::Findings& findings);
/// Whether the keys that backups are sealed with can be read, by nobody else. Looked at before root is given
/// up, as the server reads them.
void look_at_backup_key(watch::Findings& findings, const watch::Subject& subject);

}  // namespace bb::cli
