#pragma once
#include <string>

#include "operations/stages/stage_file.hpp"
#include "operations/verify/report.hpp"

namespace bb::stages {

/// What "brainbytes verify" finds on each host, or on AWS as a task; and from here what the domain of the
/// stage shows. `ca_file`: authorities to trust besides; empty: those of the system.
void verify_stage(verify::Report& report, const Stage& stage, const std::string& ca_file = {});

/// What speaks against the release itself, and not against what is around it (backups, letters, names,
/// certificates); empty: nothing.
std::string faults_of_release(const verify::Report& report);

}  // namespace bb::stages
