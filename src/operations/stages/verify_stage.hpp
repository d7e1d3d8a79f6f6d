#pragma once
#include <string>

#include "operations/stages/stage_file.hpp"
#include "operations/verify/report.hpp"

namespace bb::stages {

/// What "brainbytes verify" finds on each host, and from here what the domain of the stage shows.
void verify_stage(verify::Report& report, const Stage& stage);

/// What speaks against the release itself, and not against what is around it (backups, letters, names,
/// certificates); empty: nothing.
std::string faults_of_release(const verify::Report& report);

}  // namespace bb::stages
