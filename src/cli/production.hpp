#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/deploy.hpp"
#include "operations/release/kept.hpp"
#include "operations/stages/checklist.hpp"

namespace bb::cli {

/// What people have said of a stage's boxes from here.
stages::Words words_of(const Context& context, const std::string& stage);
/// Where evidence for a release lies here. Keeps a reference to `stage`.
stages::Evidence evidence_of(const Context& context, const stages::Stage& stage, const std::string& release);

/// "BOX=REASON" of each box that does not count.
using Waived = std::vector<std::string>;

/// Looks at the boxes of the plan before a release may go to production; those of `words.waive` do not count,
/// which is kept. Gives what is waived, now or before, once it is in the ledger; nothing: unmet boxes keep
/// the release back, and were told.
std::optional<Waived> may_go_to_production(Context& context, const DeployWords& words,
                                           const stages::Stage& stage, const std::string& release);
/// The same on a host itself, of whatever stage: only production has boxes. `words.by_deployment`: they were
/// looked at where the deployment began.
std::optional<Waived> may_serve_here(Context& context, const DeployWords& words,
                                     const release::KeptRelease& release);

/// Prints the boxes, and which would keep the release back; keeps nothing.
void print_boxes(Context& context, const DeployWords& words, const stages::Stage& stage,
                 const std::string& release);

}  // namespace bb::cli
