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
};
const std::vector<UpkeepTask>& upkeep_tasks();
std::chrono::hours length_of(const std::string& period);

/// What a task found.
struct Finding {
    std::string result = "good";  ///< "attention": somebody should do something; "missing": it could not look
    std::string words;
    std::map<std::string, double> figures;
};

/// A run that was kept.
struct UpkeepRun {
    Time at;
    Finding finding;
};
std::optional<UpkeepRun> last_run(db::Session& session, const std::string& task);
void keep_run(db::Session& session, const std::string& task, const Finding& finding, Time now);

/// When a task must have been done again; of a new installation after one period.
Time due_at(db::Session& session, const UpkeepTask& task);

/// How many tasks are overdue by more than a day.
Task<int> count_overdue(db::Database& db, Time now);

// Those that look at the database alone.
Finding review_performance(db::Session& session, Time now);
Finding review_errors(db::Session& session, Time now);
Finding review_cost(db::Session& session, Time now, int days);
Finding review_slow_routes(db::Session& session, Time now);
Finding forecast_capacity(db::Session& session, Time now);
Finding review_continuity(db::Session& session, Time now);

}  // namespace bb::watch
