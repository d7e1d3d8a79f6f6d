#include <fmt/format.h>

#include <boost/json.hpp>

#include "operations/watch/export.hpp"
#include "operations/watch/export_text.hpp"

namespace bb::watch {
namespace {

namespace js = boost::json;

constexpr std::int64_t day = 86'400;

/// A selector in the words that "brainbytes alarm put --dimensions" reads.
js::array dimensions(const std::map<std::string, std::string>& labels) {
    js::array out;
    for (const auto& [label, pattern] : labels) out.push_back({{"Name", label}, {"Value", pattern}});
    return out;
}

std::string statistic_name(Statistic::Kind kind) {
    switch (kind) {
        case Statistic::Kind::average:
            return "Average";
        case Statistic::Kind::minimum:
            return "Minimum";
        case Statistic::Kind::maximum:
            return "Maximum";
        case Statistic::Kind::sample_count:
            return "SampleCount";
        default:
            return "Sum";
    }
}

js::object base_of(const Alarm& alarm, const std::string& name) {
    const auto full = name.starts_with("BrainBytes-") ? name : "BrainBytes-" + name;
    js::array tags;
    for (const auto& [key, value] :
         {std::pair("severity", alarm.severity), std::pair("component", alarm.component),
          std::pair("group", alarm.group_name())})
        tags.push_back({{"Key", key}, {"Value", value}});
    return {
        {"AlarmName", full},
        {"AlarmDescription", fmt::format("{} {}: {}", alarm.severity, runbook_url(alarm), alarm.description)},
        {"Tags", std::move(tags)}};
}

js::object counted(const char* id, const std::string& metric,
                   const std::map<std::string, std::string>& labels, std::int64_t period) {
    const js::object measured{
        {"Namespace", "BrainBytes"}, {"MetricName", metric}, {"Dimensions", dimensions(labels)}};
    return {{"Id", id},
            {"MetricStat", {{"Metric", measured}, {"Period", period}, {"Stat", "Sum"}}},
            {"ReturnData", false}};
}

js::object computed(const std::string& expression) {
    return {{"Id", "share"}, {"Expression", expression}, {"Label", "share"}, {"ReturnData", true}};
}

js::object threshold_alarm(const Alarm& alarm, const Threshold& rule) {
    auto out = base_of(alarm, alarm.name);
    const auto period = rule.period.count();
    if (rule.share_of.empty()) {
        out["Namespace"] = "BrainBytes";
        out["MetricName"] = rule.of.metric;
        out["Dimensions"] = dimensions(rule.of.labels);
        out["Period"] = period;
        if (rule.statistic.kind == Statistic::Kind::percentile)
            out["ExtendedStatistic"] = rule.statistic.name();
        else
            out["Statistic"] = statistic_name(rule.statistic.kind);
    } else {
        auto all = rule.of.labels;
        all.erase(rule.share_of);
        out["Metrics"] = js::array{
            counted("failed", rule.of.metric, rule.of.labels, period),
            counted("all", rule.of.metric, all, period),
            computed(fmt::format("IF(all >= {:g}, FILL(failed, 0) / all, 0)", std::max(rule.least, 1.0)))};
    }
    out["EvaluationPeriods"] = rule.evaluation_periods;
    out["DatapointsToAlarm"] = rule.datapoints;
    out["Threshold"] = rule.threshold;
    out["ComparisonOperator"] = rule.comparison;
    out["TreatMissingData"] = rule.missing;
    return out;
}

/// CloudWatch joins no two windows in one alarm: the longer alone decides, so it is over later than ours.
/// What is longer than a day must be so on each of its days.
js::object burn_alarm(const Alarm& alarm, const BurnRate& rule, const BurnRate::Window& window) {
    auto out = base_of(alarm, alarm.name + "-" + duration_text(window.longer));
    const auto period = std::min<std::int64_t>(window.longer.count(), day);
    const auto periods = window.longer.count() / period;
    js::array metrics;
    std::string failed = "FILL(failed, 0)";
    if (rule.within > 0) {
        auto good = rule.all.labels;
        good["le"] = fmt::format("{:g}", rule.within);
        metrics = {counted("good", rule.all.metric + "_bucket", good, period),
                   counted("all", rule.all.metric + "_count", rule.all.labels, period)};
        failed = "(all - FILL(good, 0))";
    } else {
        auto bad = rule.all.labels;
        bad[rule.bad_label] = rule.bad_pattern;
        metrics = {counted("failed", rule.all.metric, bad, period),
                   counted("all", rule.all.metric, rule.all.labels, period)};
    }
    metrics.push_back(computed(fmt::format("IF({0} >= {1:g}, {0} / all, 0)", failed, rule.least)));
    out["Metrics"] = std::move(metrics);
    out["EvaluationPeriods"] = periods;
    out["DatapointsToAlarm"] = periods;
    out["Threshold"] = std::stod(fmt::format("{:.6g}", window.rate * (1 - rule.goal)));
    out["ComparisonOperator"] = "GreaterThanOrEqualToThreshold";
    out["TreatMissingData"] = "notBreaching";
    return out;
}

/// A silent server is one whose "I serve" does not come: CloudWatch sees all servers as one series.
js::object silence_alarm(const Alarm& alarm, const Silence& rule) {
    auto out = base_of(alarm, alarm.name);
    out["Namespace"] = "BrainBytes";
    out["MetricName"] = "brainbytes_serving";
    out["Dimensions"] = js::array();
    out["Period"] = 60;
    out["Statistic"] = "Maximum";
    const auto minutes = std::max<std::int64_t>(1, rule.after.count() / 60);
    out["EvaluationPeriods"] = minutes;
    out["DatapointsToAlarm"] = minutes;
    out["Threshold"] = 1;
    out["ComparisonOperator"] = "LessThanThreshold";
    out["TreatMissingData"] = "breaching";
    return out;
}

}  // namespace

std::string cloudwatch_alarms(const std::vector<Alarm>& alarms) {
    js::array out;
    for (const auto& alarm : alarms) {
        if (!alarm.enabled) continue;
        if (const auto* rule = std::get_if<Threshold>(&alarm.rule))
            out.push_back(threshold_alarm(alarm, *rule));
        if (const auto* rule = std::get_if<BurnRate>(&alarm.rule))
            for (const auto& window : rule->windows) out.push_back(burn_alarm(alarm, *rule, window));
        if (const auto* rule = std::get_if<Silence>(&alarm.rule)) out.push_back(silence_alarm(alarm, *rule));
    }
    return readable_json(out);
}

}  // namespace bb::watch
