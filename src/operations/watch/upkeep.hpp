#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/core/time.hpp"
#include "base/db/database.hpp"
#include "base/db/session.hpp"

namespace bb::watch {

/// A task of regular maintenance, as the deployment plan names it.
struct UpkeepTask {
    const char* name;
    const char* period;  ///< "weekly", "monthly", "quarterly"
    const char* words;
    bool needs_sources = false;  ///< can only be done in a clone, which most hosts do not have
};
const std::vector<UpkeepTask>& upkeep_tasks();
std::chrono::hours length_of(const std::string& period);

/// What a task found.
struct Review {
    std::string result = "good";  ///< "attention": somebody should do something; "missing": it could not look
    std::string words;
    std::map<std::string, double> figures;
};

/// A run that was kept.
struct UpkeepRun {
    Time at;
    Review review;
};
std::optional<UpkeepRun> last_run(db::Session& session, const std::string& task);
void keep_run(db::Session& session, const std::string& task, const Review& review, Time now);

/// When a task must have been done again; of a new installation after one period.
Time due_at(db::Session& session, const UpkeepTask& task);

/// How a task stands.
struct UpkeepStanding {
    UpkeepTask task;
    std::optional<UpkeepRun> last;  ///< without its figures
    Time due;
    bool overdue = false;  ///< by more than a day, and can be done on a host
};
/// All tasks, in their order.
Task<std::vector<UpkeepStanding>> upkeep_standing(db::Database& db, Time now);

/// How many tasks are overdue.
Task<int> count_overdue(db::Database& db, Time now);

// Those that look at the database alone.
Review review_performance(db::Session& session, Time now);
Review review_errors(db::Session& session, Time now);
Review review_cost(db::Session& session, Time now, int days);
Review review_slow_routes(db::Session& session, Time now);
Review forecast_capacity(db::Session& session, Time now);
Review review_continuity(db::Session& session, Time now);
Review review_drill(db::Session& session, Time now);
Review review_stack(db::Session& session, Time now);
/// Administrators, and sign-ins that failed within a month.
Review review_access(db::Session& session, Time now);

}  // namespace bb::watch
