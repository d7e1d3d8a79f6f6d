#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "operations/deploy/ledger.hpp"
#include "operations/stages/hosts.hpp"

namespace bb::stages {

/// What happens to the hosts of a stage, and how careful.
struct RolloutPlan {
    const Stage& stage;
    std::filesystem::path archive;  ///< with its signature beside it; empty: `release` is kept there
    std::string release;            ///< name; empty, when going back: that which was kept before
    bool back_up = true;
    std::string lock;  ///< id of a lock that is held already, and stays; empty: one for this change
    std::vector<std::string> waived;  ///< "BOX=REASON", for the audit log of the hosts
    int accepted_minutes = -1;        ///< of work that going back may lose; below 0: none
    bool older = false;               ///< also when a newer one is kept
    std::filesystem::path trusted;    ///< a public key for hosts that have no BrainBytes yet
    std::function<void(std::string_view host, std::string_view step, std::string_view detail)> say;
    /// Looks at the stage from outside once all hosts serve; what it throws undoes the release.
    std::function<std::string()> verify;
    deploy::Ledger ledger;
};

struct RolloutOutcome {
    std::string deployment;
    std::string release;
    bool kept = false;
    std::string step;
    std::string reason;
    double seconds = 0;
};

/// Brings a release into service on every host, so many at a time: asked first, then uploaded and checked by
/// all, then changed over. When one fails, those that were changed go back. Other deployments are kept out
/// meanwhile. Every step is in the ledger.
RolloutOutcome roll_out(const RolloutPlan& plan);

/// Back to a kept release on every host, at once: the same one everywhere, or none.
RolloutOutcome roll_back(const RolloutPlan& plan);
/// Asks every host what stands against going back, and changes nothing; gives the release. Throws
/// std::runtime_error.
std::string what_stands_against(const RolloutPlan& plan);

}  // namespace bb::stages
