#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "operations/deploy/traffic.hpp"
#include "operations/release/kept.hpp"

namespace bb::deploy {

/// What is deployed, and how careful.
struct DeployPlan {
    std::filesystem::path data;
    std::vector<std::string> environment;  ///< "NAME=value", of the commands that are run
    release::KeptRelease release;
    bool back_up = true;
    bool migrate = true;
    bool smoke_test = true;
    std::chrono::seconds bake{120};  ///< how long the new release is watched before it is kept
    Limits limits;
    std::function<void(std::string_view step, std::string_view detail)> say;
    std::function<void()> watch;  ///< called again and again; throws to end it
};

struct Outcome {
    std::string deployment;  ///< its id in the ledger
    bool kept = false;
    std::string step;    ///< that failed
    std::string reason;  ///< why
    double seconds = 0;
};

/// Brings a kept release into service on this host: backup, migrations that only add, a server of it beside
/// the running one, a smoke test against it alone, the switch, a time of watching. Whatever fails, the
/// release before goes on, or comes back. Every step is in the ledger. Throws std::runtime_error when there
/// is no supervisor, or another change is under way.
Outcome deploy(const DeployPlan& plan);

}  // namespace bb::deploy
