#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/time.hpp"
#include "base/core/uuid.hpp"
#include "base/db/database.hpp"

namespace bb::watch {

struct Incident {
    Uuid id;
    int number = 0;
    std::string title;
    std::string severity;   ///< "P0" to "P3"
    std::string state;      ///< "open", "acknowledged", "resolved"
    std::string component;  ///< of the status page
    std::string alarms;     ///< group that opened it; empty: a person did
    std::string release;    ///< that ran then
    Time opened_at;
    Time clock_from;  ///< from when an answer is waited for: it was opened, or has become worse
    std::optional<Time> acknowledged_at;
    std::string acknowledged_by;
    std::optional<Time> resolved_at;
    int level = 0;  ///< told so far: 1 to 4; 5: nobody answered at all
    bool overdue = false;
};

/// An entry of an incident's time line.
struct IncidentEvent {
    Time at;
    std::string kind;
    std::string actor;  ///< "alarm", "clock", "operator", or a person's id
    std::string words;
    bool is_public = false;
};

struct NewIncident {
    std::string title;
    std::string severity;
    std::string component;
    std::string alarms;
    std::string release;
    std::string words;  ///< what was noticed
    std::string actor;
    Uuid id = Uuid::make();
};

/// The parts of the service that the status page shows.
const std::vector<std::string>& components();

/// What people who use the service may notice: P0 and P1.
bool is_felt(const Incident& incident);

Task<Incident> open_incident(db::Transaction& tx, NewIncident about, Time now);
/// Errors: not_found.
Task<Result<Incident>> find_incident(db::Transaction& tx, int number);
/// The same, locked until the transaction ends.
Task<Result<Incident>> lock_incident(db::Transaction& tx, int number);
/// How many are not over.
struct OpenIncidents {
    std::array<double, 4> by_severity{};  ///< P0 to P3
    double urgent_since = 0;              ///< P0 that began, or became one, after the moment asked about
};
Task<OpenIncidents> count_open(db::Database& db, Time since);

/// Errors: not_found.
Task<Result<int>> number_of(db::Transaction& tx, Uuid incident);
Task<std::vector<Incident>> list_incidents(db::Transaction& tx, bool resolved_too, int limit);
/// Those that people may have felt: open ones, and those since then.
Task<std::vector<Incident>> felt_since(db::Transaction& tx, Time since, int limit);
Task<std::vector<IncidentEvent>> events_of(db::Transaction& tx, Uuid incident);
Task<void> add_event(db::Transaction& tx, Uuid incident, IncidentEvent event);

/// Somebody has it in hand: it goes to nobody else. Errors: conflict when it is over, or somebody else has
/// it.
Task<Result<Incident>> acknowledge(db::Transaction& tx, Incident incident, std::string by, std::string words,
                                   Time now);
/// Errors: conflict when it is over already.
Task<Result<Incident>> resolve(db::Transaction& tx, Incident incident, std::string by, std::string words,
                               Time now);
Task<void> set_level(db::Transaction& tx, Uuid incident, int level);
Task<void> set_overdue(db::Transaction& tx, Uuid incident);
/// It has become worse: an answer is waited for anew.
Task<Incident> raise(db::Transaction& tx, Incident incident, std::string severity, Time now);

/// {"number","title","severity","state",...}
std::string to_json(const Incident& incident, Time now);
std::string to_json(const IncidentEvent& event);
/// The incident with "events", its time line.
std::string to_json(const Incident& incident, const std::vector<IncidentEvent>& events, Time now);

/// The draft of a post-mortem in Markdown, from what was written down while it happened.
std::string postmortem(const Incident& incident, const std::vector<IncidentEvent>& events,
                       const std::vector<std::string>& changes, Time now);

}  // namespace bb::watch
