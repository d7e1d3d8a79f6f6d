#pragma once
#include <string>
#include <vector>

#include "operations/stages/rollout.hpp"

namespace bb::stages {

/// What is typed on a host to bring the release into service there.
std::vector<std::string> words_to_change(const RolloutPlan& plan, const std::string& release,
                                         const std::string& host, const std::string& lock);
/// What is typed to go back to a release.
std::vector<std::string> words_to_go_back(const RolloutPlan& plan, const std::string& to,
                                          const std::vector<std::string>& more);

}  // namespace bb::stages
