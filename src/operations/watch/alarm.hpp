#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <boost/json/value.hpp>

#include "base/core/error.hpp"
#include "operations/watch/statistic.hpp"

namespace bb::watch {

/// The plan's form of an alarm, in CloudWatch's words: a statistic of each of the last periods against a
/// threshold.
struct Threshold {
    Selector of;
    Statistic statistic;
    std::chrono::seconds period{300};
    double threshold = 0;
    std::string comparison = "GreaterThanThreshold";  ///< or one of comparison_names()
    int evaluation_periods = 1;
    int datapoints = 1;  ///< so many of these must be beyond it
    std::string missing =
        "missing";  ///< what a period without data is: missing, breaching, notBreaching, ignore
    /// A gauge that has shown nothing for so long, since nodes began to look, is an alarm too; 0: it is not.
    std::chrono::seconds absent_after{0};
    std::string share_of;  ///< a label: the share of those that fit among all, whatever this label says
    double least = 0;      ///< of a share: it is one of so many at least, else a period has no data
};

/// An objective and how fast its budget of failures is used up: Google's SRE workbook, chapter 5.
struct BurnRate {
    struct Window {
        std::chrono::seconds longer, shorter;
        double rate;  ///< both windows use the budget up so many times faster than they may
    };
    Selector all;
    std::string bad_label, bad_pattern;  ///< of a counter: those of `all` whose label fits failed
    double within = 0;                   ///< of a histogram: what took longer failed; one of its bounds
    double goal = 0.999;                 ///< share that must be good
    std::vector<Window> windows;
    double least = 10;  ///< failures in the longer window, so that one in a quiet night wakes nobody
};

/// A node that reported and does so no more, without having said that it ends.
struct Silence {
    std::chrono::seconds after{120};
    std::chrono::seconds forgotten{24 * 3600};
};

struct Alarm {
    std::string name;
    std::string description;         ///< a sentence that begins a message
    std::string component;           ///< of the status page
    std::string severity;            ///< "P0" to "P3"
    std::string group;               ///< alarms of one group share an incident; empty: its own name
    std::string inhibited_by;        ///< silent while an alarm of this group is on
    std::string runbook;             ///< anchor in docs/runbook.md
    std::chrono::seconds calm{300};  ///< it is over when its rule was not broken for so long
    std::variant<Threshold, BurnRate, Silence> rule;
    bool enabled = true;
    bool built_in = false;

    const std::string& group_name() const { return group.empty() ? name : group; }
};

/// What a look at the history said of a rule.
struct Verdict {
    enum class State { ok, breaching, no_data, unchanged };
    State state = State::ok;
    std::string words;  ///< what was measured, against what
};

const std::vector<std::string>& comparison_names();
bool is_beyond(double value, const std::string& comparison, double threshold);

/// Of the values of the last periods, oldest first; nullopt: no data. There are `evaluation_periods` of them.
Verdict judge(const Threshold& rule, const std::vector<std::optional<double>>& values);

/// Failures and all of each window.
struct Burned {
    double bad_long = 0, all_long = 0, bad_short = 0, all_short = 0;
};
Verdict judge(const BurnRate& rule, const std::vector<Burned>& windows);

/// Looks the history up and judges.
Task<Verdict> judge(db::Transaction& tx, Alarm alarm, Time now);

/// The state of an alarm between two looks.
struct AlarmState {
    std::string state = "ok";  ///< "ok", "alarm", "no data"
    Time since;
    std::optional<Time> calm;  ///< of an alarm: since when its rule is not broken any more
    std::string words;
};
/// An alarm begins at once and is over after `alarm.calm` without a breach; what has no data stays on.
AlarmState next_state(const Alarm& alarm, const AlarmState& before, const Verdict& verdict, Time now);

/// Those that come with the program, armed.
const std::vector<Alarm>& built_in_alarms();

/// `base` with what an operator says otherwise, in the words of to_json(). Errors: invalid_input with every
/// bad field.
Result<Alarm> changed(Alarm base, const boost::json::value& definition);
std::string to_json(const Alarm& alarm);

/// All alarms: those built in as they were changed, and those that were put beside them.
Task<std::vector<Alarm>> alarms_of(db::Transaction& tx);

/// One that somebody is about to put, with what is not said.
Alarm new_alarm(std::string name);

/// Adds an alarm, or changes one: `definition` is put over what there is of this name. Errors: as changed().
Task<Result<Alarm>> put_alarm(db::Transaction& tx, std::string name, boost::json::value definition);
/// Takes back what was put; an alarm that was put beside ours ends what it has opened. False: nothing was.
Task<bool> remove_alarm(db::Transaction& tx, std::string name);

}  // namespace bb::watch
