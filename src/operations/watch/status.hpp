#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "operations/watch/incident.hpp"

namespace bb::watch {

/// How long a component was down on a day, of the time in which somebody watched.
struct StatusDay {
    std::string day;               ///< 2026-11-27
    double watched = 0, down = 0;  ///< seconds
};

struct ComponentStatus {
    std::string name;
    std::string severity;         ///< of the worst open incident; empty: none
    std::vector<StatusDay> days;  ///< of the last 90, oldest first; a day on which nobody watched is left out
};

/// An incident as the public sees it.
struct PublicIncident {
    Incident incident;
    std::vector<IncidentEvent> events;  ///< public ones
};

/// What the status page shows.
struct Status {
    Time at;
    std::vector<ComponentStatus> components;
    std::vector<PublicIncident> incidents;  ///< open ones, and those of the last two weeks
};

Task<Status> status_of(db::Transaction& tx, Time now);

std::string to_json(const Status& status);

/// An event of a time line as the public reads it: what an alarm says names metrics and hosts. `language`:
/// "en" or "fil"; what a person wrote is not translated.
std::string words_for_all(const IncidentEvent& event, std::string_view language);

/// Asks that `email` hear of incidents. The id that a letter to it confirms; nothing when it is confirmed
/// already, was asked a moment ago, or when too many have asked.
Task<std::optional<Uuid>> ask_to_subscribe(db::Database& db, std::string email);
/// False: there is no such subscriber.
Task<bool> confirm_subscriber(db::Database& db, Uuid id);
Task<bool> remove_subscriber(db::Database& db, Uuid id);

}  // namespace bb::watch
