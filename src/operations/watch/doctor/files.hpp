#pragma once
#include "operations/watch/doctor/finding.hpp"
#include "operations/watch/doctor/subject.hpp"

namespace bb::watch {

/// Owner and mode of the data folder and of what lies in it.
void look_at_data_folder(Findings& findings, const Subject& subject);

/// Whether the log can be kept in the data folder: a folder that may be written, on a disk with room.
void look_at_log_folder(Findings& findings, const Subject& subject);

}  // namespace bb::watch
