#pragma once
#include <string>

#include "operations/stages/stage_file.hpp"

namespace bb::cli {

/// Of the boxes "stakeholders" and "team": has the first host tell those who hear of incidents, and gives the
/// note with what was sent to how many, or why to nobody. Of others the note alone.
std::string told_of_box(const stages::Stage& stage, const std::string& box, const std::string& release,
                        const std::string& by, const std::string& note);

}  // namespace bb::cli
