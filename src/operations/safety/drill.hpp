#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/time.hpp"
#include "operations/safety/destination.hpp"

namespace bb::safety {

/// A misfortune that is practised, with what the deployment plan promises for it.
struct Scenario {
    /// The longest time to recover, and the most work that may be lost.
    struct Goals {
        double rto_seconds, rpo_seconds;
    };
    std::string_view name;
    std::string_view help;
    Goals promised;  ///< of the plan
    Goals with_log;  ///< ours, where the write-ahead log of the private database is kept
};

/// lost-database, lost-host, bad-migration, deleted-files, ransomware, region-lost.
const std::vector<Scenario>& scenarios();
const Scenario* find_scenario(std::string_view name);

/// Something that was looked at after the recovery.
struct DrillCheck {
    std::string name;
    bool good;
    std::string detail;
};

/// How a drill went.
struct DrillResult {
    std::string scenario;
    std::string backup;
    Time started_at;
    std::optional<double> rto_seconds;  ///< from the misfortune to an answer of the tutor; nothing: none came
    std::optional<double> rpo_seconds;  ///< of work that was lost, or would have been; nothing: no data is back
    Scenario::Goals goals{};
    std::vector<DrillCheck> checks;

    /// Everything is there, in the promised time.
    bool good() const;
};

/// Seconds of work between the moment that data is of and the misfortune; a moment that is noted a little
/// later than it loses nothing.
double lost_seconds(Time misfortune, Time data_of);

/// How a name came to point to another host.
struct NameMove {
    std::string detail;
    double held_seconds;  ///< how long resolvers may still hold the former address
};
/// Waits until the name would move from a host that answers no more to another that does, both as URLs.
/// Throws when it does not.
using MoveName = std::function<NameMove(const std::string& lost, const std::string& other)>;

/// What a drill needs.
struct DrillPlan {
    const Scenario& scenario;
    StoredBackup backup;
    std::filesystem::path key_file;  ///< with the private key
    std::function<void()> watch;     ///< called while something is waited for; throws to give the drill up
    std::filesystem::path folder;    ///< for the throw-away installation; must not exist
    MoveName move_name;              ///< of region-lost
    bool with_log = false;           ///< the write-ahead log is kept there, and recovered from
};

/// Practises a misfortune for real in a throw-away installation: brings the backup back there with this
/// program's own commands, does the damage, recovers, starts the server, signs in and asks the tutor. What is
/// live is not touched. A recovery that fails is a result with a check that is not good. Throws
/// std::runtime_error when the drill itself cannot be held.
DrillResult run_drill(const DrillPlan& plan);

}  // namespace bb::safety
