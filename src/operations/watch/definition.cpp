#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/log.hpp"
#include "operations/watch/alarm.hpp"
#include "operations/watch/incident.hpp"

namespace bb::watch {
namespace {

namespace js = boost::json;

constexpr std::size_t longest_text = 500;
constexpr int longest_period = 86'400;
constexpr int most_periods = 100;

/// Takes one member after the other and notes what is wrong with it.
class DefinitionReader {
public:
    DefinitionReader(const js::object& members, std::vector<FieldError>& faults)
        : members_(members), faults_(faults) {}

    void text(const char* name, std::string& into, const std::vector<std::string>& choices = {}) {
        const auto* given = member(name);
        if (!given) return;
        if (!given->is_string() || given->get_string().size() > longest_text)
            return blame(name, "must be a text of at most 500 bytes");
        const std::string value(given->get_string());
        if (!choices.empty() && std::find(choices.begin(), choices.end(), value) == choices.end())
            return blame(name, fmt::format("must be one of {}", fmt::join(choices, ", ")));
        into = value;
    }

    void number(const char* name, double& into) {
        const auto* given = member(name);
        if (!given) return;
        if (!given->is_number()) return blame(name, "must be a number");
        into = given->to_number<double>();
    }

    template <class Whole>
    void whole(const char* name, Whole& into, std::int64_t least, std::int64_t most) {
        const auto* given = member(name);
        if (!given) return;
        if (!given->is_int64() || given->get_int64() < least || given->get_int64() > most)
            return blame(name, fmt::format("must be a whole number from {} to {}", least, most));
        into = Whole(given->get_int64());
    }

    void truth(const char* name, bool& into) {
        const auto* given = member(name);
        if (!given) return;
        if (!given->is_bool()) return blame(name, "must be true or false");
        into = given->get_bool();
    }

    void labels(const char* name, std::map<std::string, std::string>& into) {
        const auto* given = member(name);
        if (!given) return;
        if (!given->is_object()) return blame(name, "must be an object of patterns");
        into.clear();
        for (const auto& [label, pattern] : given->get_object()) {
            if (!pattern.is_string() || pattern.get_string().size() > longest_text)
                return blame(name, "must have texts as patterns");
            into[std::string(label)] = std::string(pattern.get_string());
        }
    }

    void statistic(const char* name, Statistic& into) {
        std::string words;
        text(name, words);
        if (words.empty()) return;
        const auto parsed = Statistic::parse(words);
        if (!parsed) return blame(name, "must be average, sum, minimum, maximum, samplecount or p1 to p99.9");
        into = *parsed;
    }

    /// Says what nobody asked for.
    void finish() {
        for (const auto& [name, ignored] : members_)
            if (std::find(known_.begin(), known_.end(), std::string_view(name)) == known_.end())
                blame(name, "is not known; these are: " + fmt::format("{}", fmt::join(known_, ", ")));
    }

    void blame(std::string_view name, std::string why) {
        faults_.push_back({fmt::format("#/{}", name), std::move(why)});
    }

private:
    const js::value* member(const char* name) {
        known_.emplace_back(name);
        const auto* given = members_.if_contains(name);
        return given && !given->is_null() ? given : nullptr;
    }

    const js::object& members_;
    std::vector<FieldError>& faults_;
    std::vector<std::string> known_;
};

void read_threshold(DefinitionReader& in, Threshold& rule) {
    in.text("metric", rule.of.metric);
    in.labels("labels", rule.of.labels);
    in.statistic("statistic", rule.statistic);
    in.whole("period", rule.period, 60, longest_period);
    in.number("threshold", rule.threshold);
    in.text("comparison", rule.comparison, comparison_names());
    in.whole("evaluationPeriods", rule.evaluation_periods, 1, most_periods);
    rule.datapoints = std::min(rule.datapoints, rule.evaluation_periods);
    in.whole("datapointsToAlarm", rule.datapoints, 1, rule.evaluation_periods);
    in.text("treatMissingData", rule.missing, {"missing", "breaching", "notBreaching", "ignore"});
    in.text("shareOf", rule.share_of);
    in.number("least", rule.least);
    in.whole("absentAfter", rule.absent_after, 0, 90 * longest_period);
    if (rule.of.metric.empty()) in.blame("metric", "is missing: \"brainbytes metrics list\" names them");
    if (rule.period.count() % 60 != 0) in.blame("period", "must be full minutes");
}

void read_burn(DefinitionReader& in, BurnRate& rule) {
    in.number("goal", rule.goal);
    in.number("least", rule.least);
    if (!(rule.goal > 0 && rule.goal < 1)) in.blame("goal", "must be between 0 and 1");
}

void write(JsonWriter& json, const Selector& of) {
    json.field("metric", of.metric).key("labels").object();
    for (const auto& [label, pattern] : of.labels) json.field(label, pattern);
    json.end();
}

void write(JsonWriter& json, const Threshold& rule) {
    json.field("kind", "threshold");
    write(json, rule.of);
    json.field("statistic", rule.statistic.name())
        .field("period", std::int64_t(rule.period.count()))
        .field("threshold", rule.threshold)
        .field("comparison", rule.comparison)
        .field("evaluationPeriods", rule.evaluation_periods)
        .field("datapointsToAlarm", rule.datapoints)
        .field("treatMissingData", rule.missing)
        .field("absentAfter", std::int64_t(rule.absent_after.count()))
        .field("shareOf", rule.share_of)
        .field("least", rule.least);
}

void write(JsonWriter& json, const BurnRate& rule) {
    json.field("kind", "burnRate");
    write(json, rule.all);
    json.field("badLabel", rule.bad_label).field("badPattern", rule.bad_pattern);
    json.field("within", rule.within).field("goal", rule.goal).field("least", rule.least);
    json.key("windows").array();
    for (const auto& window : rule.windows)
        json.object()
            .field("longer", std::int64_t(window.longer.count()))
            .field("shorter", std::int64_t(window.shorter.count()))
            .field("rate", window.rate)
            .end();
    json.end();
}

void write(JsonWriter& json, const Silence& rule) {
    json.field("kind", "silence").field("after", std::int64_t(rule.after.count()));
}

}  // namespace

Result<Alarm> changed(Alarm base, const js::value& definition) {
    if (!definition.is_object())
        return Error(ErrorCode::invalid_input, "An alarm is a JSON object.", {{"#", "must be an object"}});
    std::vector<FieldError> faults;
    DefinitionReader in(definition.get_object(), faults);
    in.text("name", base.name);
    in.text("description", base.description);
    in.text("component", base.component, components());
    in.text("severity", base.severity, {"P0", "P1", "P2", "P3"});
    in.text("group", base.group);
    in.text("inhibitedBy", base.inhibited_by);
    in.text("runbook", base.runbook);
    in.whole("calm", base.calm, 0, longest_period);
    in.truth("enabled", base.enabled);
    if (auto* rule = std::get_if<Threshold>(&base.rule)) read_threshold(in, *rule);
    if (auto* rule = std::get_if<BurnRate>(&base.rule)) read_burn(in, *rule);
    in.finish();
    if (!base.inhibited_by.empty() && base.inhibited_by == base.group_name())
        in.blame("inhibitedBy", "is the alarm's own group: it would never tell anybody");
    if (faults.empty()) return base;
    return Error(ErrorCode::invalid_input, "The alarm is not right:", std::move(faults));
}

std::string to_json(const Alarm& alarm) {
    JsonWriter json;
    json.object().field("name", alarm.name).field("description", alarm.description);
    json.field("component", alarm.component).field("severity", alarm.severity).field("group", alarm.group);
    json.field("inhibitedBy", alarm.inhibited_by).field("runbook", alarm.runbook);
    json.field("calm", std::int64_t(alarm.calm.count()));
    json.field("enabled", alarm.enabled).field("builtIn", alarm.built_in);
    std::visit([&](const auto& rule) { write(json, rule); }, alarm.rule);
    return json.end().take();
}

Task<std::vector<Alarm>> alarms_of(db::Transaction& tx) {
    auto alarms = built_in_alarms();
    const auto rows = co_await tx.query("SELECT name, definition FROM alarms ORDER BY name LIMIT 500");
    for (const auto row : rows) {
        const auto name = row.get<std::string>(0);
        const auto found =
            std::find_if(alarms.begin(), alarms.end(), [&](const Alarm& one) { return one.name == name; });
        auto base = new_alarm(name);
        if (found != alarms.end()) base = *found;
        const auto definition = parse_json(row.get<std::string_view>(1));
        const auto alarm =
            definition ? changed(std::move(base), *definition) : Result<Alarm>(definition.error());
        if (!alarm) {
            log::error("an alarm cannot be read", {{"alarm", name}, {"reason", alarm.error().detail}});
            continue;
        }
        if (found != alarms.end())
            *found = *alarm;
        else
            alarms.push_back(*alarm);
    }
    co_return alarms;
}

}  // namespace bb::watch
