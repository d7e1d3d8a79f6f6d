#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/time.hpp"

namespace bb::safety {

/// Something that was looked at after the recovery.
struct DrillCheck {
    std::string name;
    bool good;
    std::string detail;
};

/// A row of the deployment plan's "Recovery Time Objectives".
struct Objective {
    enum class Of { application, database, name, whole };
    Of of;
    std::string_view title;
    double rto_seconds;                 ///< the longest time until this is back
    std::optional<double> rpo_seconds;  ///< the most work that may be lost with it; nothing: it has none
};

/// A misfortune that is practised, with what the deployment plan promises for it.
struct Scenario {
    /// The longest time to recover, and the most work that may be lost.
    struct Goals {
        double rto_seconds, rpo_seconds;
    };
    std::string_view name;
    std::string_view help;
    Goals promised;               ///< of the plan
    Goals with_log;               ///< ours, where the write-ahead log of the private database is kept
    std::vector<Objective> rows;  ///< of the plan, for all that the misfortune takes away
};

/// lost-application, lost-database, lost-host, bad-migration, deleted-files, ransomware, region-lost.
const std::vector<Scenario>& scenarios();
const Scenario* find_scenario(std::string_view name);

/// What a drill has measured, in seconds since the misfortune.
struct Measured {
    double data = 0;      ///< until the data was there
    double answer = 0;    ///< until the tutor answered
    double whole = 0;     ///< until everybody was led there
    double lost = 0;      ///< of work
    bool counted = true;  ///< work was lost until the last moment, not since a backup was made
};

/// Compares what was measured with a row of the plan. Each row is about a part of its own: the database until
/// the data is there, the application from then until it answers. What a backup lacks counts for the rows
/// that allow for backups alone.
DrillCheck compare(const Objective& row, const Measured& measured);

/// Seconds of work between the moment that data is of and the misfortune; a moment that is noted a little
/// later than it loses nothing.
double lost_seconds(Time misfortune, Time data_of);

/// "3.2 s", "30.0 min", "4.0 h".
std::string duration_text(double seconds);

}  // namespace bb::safety
