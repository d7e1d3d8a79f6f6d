#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/time.hpp"
#include "operations/deploy/hooks.hpp"
#include "operations/deploy/traffic.hpp"
#include "operations/release/kept.hpp"

namespace bb::deploy {

/// What is deployed, and how careful.
struct DeployPlan {
    std::filesystem::path data;
    release::KeptRelease release;
    bool back_up = true;
    bool migrate = true;
    bool smoke_test = true;
    std::optional<int> schema;        ///< migrations above this one are taken back while nothing serves
    std::chrono::seconds others{10};  ///< how long servers of other hosts may take to end before that
    std::chrono::seconds bake{120};   ///< how long the new release is watched before it is kept
    std::chrono::seconds drain{600};  ///< how long the release before may finish what it has in hand
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

/// Why a release does not run on the database as it is.
struct SchemaGap {
    int migration;             ///< that has taken away what the release needs
    int to;                    ///< newest migration that the release knows
    Time taken_at;             ///< when that was
    std::int64_t minutes = 0;  ///< since the first migration above that was applied; rounded up

    /// With the way out that loses data.
    std::string text(const std::string& release) const;
};

/// What stands between a release and the database; nothing: it runs on it, or after its own migrations.
std::optional<SchemaGap> schema_gap(const std::filesystem::path& data, const release::About& about);
/// Whether the supervisor lets nothing serve, as somebody changes the schema; false without one.
bool is_resting(const std::filesystem::path& data);
/// What it takes to go back to a schema.
struct WayBack {
    std::string losses;             ///< what is destroyed, as JSON of "db rollback --dry-run"
    std::vector<std::string> gone;  ///< what migrations dropped, whose content only a restore brings back
    std::vector<std::string> elsewhere;  ///< servers on the database that are not this supervisor's
};
WayBack way_back(const std::filesystem::path& data, int to);

/// Brings a kept release into service on this host: backup, migrations that only add, a server of it beside
/// the running one, a smoke test against it alone, the switch, a time of watching. Whatever fails, the
/// release before goes on, or comes back. Every step is in the ledger. Throws std::runtime_error when there
/// is no supervisor, or another change is under way.
Outcome deploy(const DeployPlan& plan);

}  // namespace bb::deploy
