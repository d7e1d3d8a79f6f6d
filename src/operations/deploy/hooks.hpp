#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace bb::deploy {

/// Commands of a shell by name: "before-STEP" and "after-STEP", each step with "-" in the place of spaces.
using Hooks = std::map<std::string, std::string>;

/// Steps that a host goes through, and those of a stage, which whoever deploys goes through: of the whole, or
/// of each host. No step is in both.
const std::vector<std::string>& steps_of_host();
const std::vector<std::string>& steps_of_stage();
/// The names that hooks around such steps have.
std::vector<std::string> hook_names_of(const std::vector<std::string>& steps);

/// "before-smoke-test".
std::string hook_name(const std::string& side, std::string step);

/// Runs one, if there is such a one. Throws std::runtime_error when it fails, or takes more than 30 minutes.
void run_hook(const Hooks& hooks, const std::string& name, const std::vector<std::string>& environment,
              const std::function<void()>& watch, const std::filesystem::path& folder);

}  // namespace bb::deploy
