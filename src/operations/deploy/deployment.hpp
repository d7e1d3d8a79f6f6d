#pragma once
#include <boost/json/fwd.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operations/deploy/hooks.hpp"
#include "operations/deploy/return_point.hpp"
#include "operations/deploy/traffic.hpp"
#include "operations/release/kept.hpp"

namespace bb::deploy {

/// The database goes back to before a migration that has taken something away.
struct Restoring {
    ReturnPoint to;
    int migration;
};

/// What is deployed, and how careful.
struct DeployPlan {
    std::filesystem::path data;
    release::KeptRelease release;
    bool back_up = true;
    bool migrate = true;
    bool smoke_test = true;
    std::optional<int> schema;         ///< migrations above this one are taken back while nothing serves
    std::optional<Restoring> restore;  ///< the database is brought back while nothing serves
    std::chrono::seconds others{10};   ///< how long servers of other hosts may take to end before that
    std::chrono::seconds bake{120};    ///< how long the new release is watched before it is kept
    std::chrono::seconds drain{600};   ///< how long the release before may finish what it has in hand
    Limits limits;
    Hooks hooks;  ///< around steps_of_host()
    std::function<void(std::string_view step, std::string_view detail)> say;
    std::function<void()> watch;    ///< called again and again; throws to end it
    std::function<void()> confirm;  ///< called before it is kept: waits until who deploys is heard; throws
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
