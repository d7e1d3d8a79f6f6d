#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/core/time.hpp"
#include "operations/deploy/ledger.hpp"
#include "operations/stages/stage_file.hpp"

namespace bb::stages {

/// What happens to the hosts of a stage, and how careful.
struct RolloutPlan {
    const Stage& stage;
    std::filesystem::path archive;  ///< with its signature beside it; empty: `release` is kept there
    std::string release;            ///< name
    bool back_up = true;
    bool older = false;             ///< also when a newer one is kept
    std::filesystem::path trusted;  ///< a public key for hosts that have no BrainBytes yet
    std::function<void(std::string_view host, std::string_view step, std::string_view detail)> say;
    /// Looks at the stage from outside once all hosts serve; what it throws undoes the release.
    std::function<std::string()> verify;
    deploy::Ledger ledger;
};

/// A host, as it was found.
struct HostState {
    std::string host;
    std::string kept;   ///< release; empty: there is no BrainBytes
    std::string fault;  ///< why nothing can be done there
};

struct RolloutOutcome {
    std::string deployment;
    bool kept = false;
    std::string step;
    std::string reason;
    double seconds = 0;
    std::vector<HostState> before;
};

/// What serves where, asked of all hosts at once.
std::vector<HostState> look_at(const Stage& stage);

/// Brings a release into service on every host, so many at a time: asked first, then uploaded and checked by
/// all, then changed over. When one fails, those that were changed go back. Other deployments are kept out
/// meanwhile. Every step is in the ledger.
RolloutOutcome roll_out(const RolloutPlan& plan);

/// Back to a kept release on every host, at once; empty: to that before. `dry_run` only asks what stands
/// against it. Throws std::runtime_error.
RolloutOutcome roll_back(const RolloutPlan& plan, bool dry_run);

/// Keeps others from changing the release of a stage, or ends that (`minutes` 0); gives a line for each host.
std::vector<std::string> hold(const Stage& stage, const std::string& reason, int minutes);

}  // namespace bb::stages
