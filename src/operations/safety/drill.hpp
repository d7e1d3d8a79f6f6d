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
#include "operations/safety/objectives.hpp"

namespace bb::safety {

/// How a drill went.
struct DrillResult {
    std::string scenario;
    std::string backup;
    Time started_at;
    std::optional<double> rto_seconds;  ///< from the misfortune to an answer of the tutor; nothing: none came
    std::optional<double>
        rpo_seconds;  ///< of work that was lost, or would have been; nothing: no data is back
    Scenario::Goals goals{};
    std::vector<DrillCheck> checks;

    /// Everything is there, in the promised time.
    bool good() const;
};

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
    std::filesystem::path key_file;     ///< with the private key
    std::function<void()> watch;        ///< called while something is waited for; throws to give the drill up
    std::filesystem::path folder;       ///< for the throw-away installation; must not exist
    MoveName move_name;                 ///< of region-lost
    bool with_log = false;              ///< the write-ahead log is kept there, and recovered from
    std::optional<Time> newest_live{};  ///< an entry of the audit log that is live and is in the log by now
};

/// Practises a misfortune for real in a throw-away installation: brings the backup back there with this
/// program's own commands, does the damage, recovers, starts the server, signs in and asks the tutor. What is
/// live is not touched. A recovery that fails is a result with a check that is not good. Throws
/// std::runtime_error when the drill itself cannot be held.
DrillResult run_drill(const DrillPlan& plan);

}  // namespace bb::safety
