#pragma once
#include <string>

#include "operations/stages/rollout.hpp"

namespace bb::stages {

/// The same as roll_out() for a stage on AWS, where `release` is the tag of an image that was pushed: one
/// that is not well is undone, every step is in the ledger.
RolloutOutcome roll_out_on_aws(const RolloutPlan& plan);

/// Back to an image that served before, code only: refused where it does not run on the schema.
RolloutOutcome roll_back_on_aws(const RolloutPlan& plan);

/// What would be gone back to. Throws std::runtime_error with what stands against it, as far as that can be
/// told without bringing the image there.
std::string what_stands_against_on_aws(const RolloutPlan& plan);

}  // namespace bb::stages
