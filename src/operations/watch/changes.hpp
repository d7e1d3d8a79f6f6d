#pragma once
#include <string>
#include <vector>

#include "base/core/time.hpp"
#include "base/db/database.hpp"

namespace bb::watch {

/// An alarm that went on or off.
struct AlarmChange {
    std::string alarm;
    Time at;
    std::string state;
    std::string words;
};
/// Of the last 30 days, newest first, at most 200.
Task<std::vector<AlarmChange>> alarm_changes(db::Database& db);

/// What charts mark: a release that came into service, or an incident.
struct Mark {
    Time at;
    std::string kind;  ///< "release" or "incident"
    std::string words;
};
/// Of the last 30 days, newest first, at most 200.
Task<std::vector<Mark>> marks(db::Database& db);

/// When some node looked at the alarms last; 1970: none ever did.
Task<Time> last_look(db::Database& db);

}  // namespace bb::watch
