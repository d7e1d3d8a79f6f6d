#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/db/session.hpp"
#include "operations/safety/drill.hpp"

namespace bb::safety {

/// A drill that was held.
struct PastDrill {
    std::string scenario;
    std::string backup;
    Time started_at;
    std::optional<double> rto_seconds;  ///< nothing: it brought nothing back in which the tutor answers
    std::optional<double> rpo_seconds;  ///< nothing: it brought no data back
    bool good;
    std::string checks;  ///< JSON array
};

void note_drill(db::Session& session, const DrillResult& result);
/// The newest first; at most `limit`, none of a time to come.
std::vector<PastDrill> past_drills(db::Session& session, int limit);
Task<std::vector<PastDrill>> past_drills(db::Database& db, int limit);
/// Copies the drills that `to` has not from `from`, which a restore is about to replace with it. `from` needs
/// to have no such table.
void carry_drills(db::Session& from, db::Session& to);
/// Whether no drill was held for a month, as the deployment plan wants it.
bool is_drill_late(std::optional<Time> last);
/// The checks of a result as JSON.
std::string checks_json(const DrillResult& result);

}  // namespace bb::safety
