#pragma once
#include "operations/watch/alarm.hpp"
#include "operations/watch/messages.hpp"

namespace bb::watch {

/// How long a node that looks keeps the others from looking.
inline constexpr std::chrono::seconds between_looks{10};

/// One look at everything: judges the alarms, opens, joins, escalates and closes incidents, writes the
/// messages that follow, and sums the history up; all in one transaction, so that nothing is told twice or
/// never. False: another node looked a moment ago. Throws db::Unavailable or db::SqlError.
Task<bool> look_around(db::Database& db, const Surroundings& around, Time now);

/// An alarm beside how it stands.
struct StandingAlarm {
    Alarm alarm;
    AlarmState state;
    std::optional<Uuid> incident;
};
Task<std::vector<StandingAlarm>> standing_alarms(db::Transaction& tx, Time now);

}  // namespace bb::watch
