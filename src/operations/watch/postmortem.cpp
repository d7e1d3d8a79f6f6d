#include <fmt/format.h>

#include <algorithm>

#include "operations/watch/contacts.hpp"
#include "operations/watch/incident.hpp"

namespace bb::watch {
namespace {

std::string minute(Time at) {
    const auto text = to_rfc3339(at);
    return text.substr(0, 10) + " " + text.substr(11, 8);
}

std::string span(std::chrono::microseconds time) {
    const auto minutes = std::chrono::duration<double, std::ratio<60>>(time).count();
    return minutes < 90 ? fmt::format("{:.1f} min", minutes) : fmt::format("{:.1f} h", minutes / 60);
}

std::string lines(const std::vector<IncidentEvent>& events, std::initializer_list<std::string_view> kinds) {
    std::string text;
    for (const auto& event : events)
        if (std::find(kinds.begin(), kinds.end(), event.kind) != kinds.end())
            text += fmt::format("- {} UTC, {} ({}): {}\n", minute(event.at), event.kind, event.actor,
                                event.words);
    return text.empty() ? "- nothing was written down\n" : text;
}

}  // namespace

std::string postmortem(const Incident& incident, const std::vector<IncidentEvent>& events,
                       const std::vector<std::string>& changes, Time now) {
    const Time end = incident.resolved_at.value_or(now);
    auto answered = std::string("nobody answered");
    if (incident.acknowledged_at)
        answered = fmt::format("answered after {} (due within {} min)",
                               span(*incident.acknowledged_at - incident.clock_from),
                               response_time(incident.severity).count());
    std::string text = fmt::format("# Incident {}: {}\n\n", incident.number, incident.title);
    text += fmt::format("{} of {}, {} UTC to {}; it lasted {}, {}.\n", incident.severity, incident.component,
                        minute(incident.opened_at),
                        incident.resolved_at ? minute(end) + " UTC" : std::string("now"),
                        span(end - incident.opened_at), answered);
    text += fmt::format("Release: {}. The matrix says: {}.\n\n",
                        incident.release.empty() ? "not known" : incident.release,
                        decision_of(incident.severity));
    text += "## Detection\n\n" + lines(events, {"opened"});
    text += "\nCould it have been noticed earlier? What would have shown it?\n";
    text += "\n## Assessment\n\n" + lines(events, {"decision", "note"});
    text += "\nWhom did it reach, and what could they not do? Was the severity right?\n";
    text += "\n## Communication\n\n" + lines(events, {"told", "acknowledged", "escalated", "overdue"});
    text += "\nWho should have been told and was not? What did the status page say?\n";
    text += "\n## Resolution\n\n" + lines(events, {"cleared", "resolved"});
    text += "\nWhat ended it? Would going back have been quicker?\n";
    text += "\n## What changed before and during it\n\n";
    for (const auto& change : changes) text += "- " + change + "\n";
    if (changes.empty()) text += "- no deployment, command or change of configuration is on record\n";
    text +=
        "\n## Lessons\n\nWhy was it possible? What keeps it from happening again, who does it, by when?\n";
    return text;
}

}  // namespace bb::watch
