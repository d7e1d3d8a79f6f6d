#pragma once
#include <boost/json.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/core/time.hpp"
#include "operations/deploy/control.hpp"
#include "operations/release/about.hpp"

namespace bb::deploy {

/// Why a release does not run on the database as it is.
struct SchemaGap {
    int migration;             ///< that has taken away what the release needs
    int to;                    ///< newest migration that the release knows
    Time taken_at;             ///< when that was
    std::int64_t minutes = 0;  ///< since the first migration above that was applied; rounded up

    /// Why, and by which command the schema would go back.
    std::string reason(const std::string& release) const;
    /// With the way out that loses data.
    std::string text(const std::string& release) const;
    /// Why going back by the schema is not enough: `gone` is what its migrations dropped.
    std::string lost(const std::vector<std::string>& gone, const std::string& release) const;
};

/// What stands between a release and the database; nothing: it runs on it, or after its own migrations.
std::optional<SchemaGap> schema_gap(const std::filesystem::path& data, const release::About& about);
/// The same by what "db status --json" tells. `latest`: newest migration that the release knows.
std::optional<SchemaGap> schema_gap(const boost::json::object& status, int latest);
/// Whether the supervisor lets nothing serve, as somebody changes the schema; false without one.
bool is_resting(const std::filesystem::path& data);
/// What it takes to go back to a schema.
struct WayBack {
    std::string losses;             ///< what is destroyed, as JSON of "db rollback --dry-run"
    std::vector<std::string> gone;  ///< what migrations dropped, whose content only a restore brings back
    std::vector<std::string> elsewhere;  ///< servers on the database that are not this supervisor's
};
WayBack way_back(const std::filesystem::path& data, int to);
/// The part `gone` of it, from what "db rollback --dry-run --json" tells.
std::vector<std::string> gone_for_good(const boost::json::object& told);

/// The program that knows every migration of the database.
std::filesystem::path newest_program(const std::filesystem::path& data);
/// What "db status" tells. It fails where a migration stands against this very program, and tells all the
/// same. Throws std::runtime_error.
boost::json::object migrations_of(const Surroundings& around);

}  // namespace bb::deploy
