#pragma once
#include <string>

#include "cli/deploy.hpp"
#include "operations/stages/rollout.hpp"

namespace bb::cli {

/// What a change of a stage begins with: its ledger, and who is told of each step.
stages::RolloutPlan plan_of(Context& context, const DeployWords& words, const stages::Stage& stage);

/// The look at a stage at the end of a deployment, as "verify --stage": its report is kept on AWS, where no
/// host keeps its own. What speaks against the release is thrown.
std::function<std::string()> look_at_the_end(Context& context, const stages::RolloutPlan& plan);

/// How a change of a stage ended, in words or as JSON; the exit code.
int tell_outcome(Context& context, const DeployWords& words, const stages::RolloutOutcome& outcome);

}  // namespace bb::cli
