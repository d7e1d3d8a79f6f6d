#pragma once
#include <string>
#include <vector>

#include "base/db/session.hpp"
#include "operations/safety/drill.hpp"

namespace bb::safety {

/// A drill that was held.
struct PastDrill {
    std::string scenario;
    std::string backup;
    Time started_at;
    double rto_seconds;
    double rpo_seconds;
    bool good;
    std::string checks;  ///< JSON array
};

void note_drill(db::Session& session, const DrillResult& result);
/// The newest first; at most `limit`.
std::vector<PastDrill> past_drills(db::Session& session, int limit);
/// The checks of a result as JSON.
std::string checks_json(const DrillResult& result);

}  // namespace bb::safety
