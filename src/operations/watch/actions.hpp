#pragma once
#include "operations/watch/messages.hpp"
#include "services/audit/audit.hpp"

namespace bb::watch {

/// Who does something with an incident. `name` stands in the time line: "operator", or the person's id.
struct Actor {
    audit::Origin origin;
    std::string name = "operator";
};

/// What people do with incidents, from the command line and from the page: each in one transaction, with a
/// line in the time line, messages to those concerned and an entry in the audit log.
class Actions {
public:
    Actions(db::Database& db, const Surroundings& around) : db_(db), around_(around) {}

    /// `about.release` and `about.actor` are filled in. L1 is told at once.
    Task<Incident> open(Actor actor, NewIncident about);
    /// Errors: not_found; conflict when it is over.
    Task<Result<Incident>> acknowledge(Actor actor, int number, std::string words);
    Task<Result<Incident>> note(Actor actor, int number, std::string words, bool is_public);
    Task<Result<Incident>> escalate(Actor actor, int number, std::string words);
    Task<Result<Incident>> resolve(Actor actor, int number, std::string words);
    /// The draft. Changes nothing.
    Task<Result<std::string>> postmortem(int number);

private:
    using Work = std::function<Task<Result<Incident>>(db::Transaction&, Incident)>;
    Task<Result<Incident>> change(Actor actor, int number, const char* action, Work work);

    db::Database& db_;
    const Surroundings& around_;
};

}  // namespace bb::watch
