#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "operations/watch/export.hpp"
#include "operations/watch/export_text.hpp"

namespace bb::watch {
namespace {

std::string header(const char* what) {
    return fmt::format(
        "# Made by \"brainbytes alarm export {}\" from the alarms that come with BrainBytes.\n", what);
}

/// A text of several lines, as YAML keeps it.
std::string block(const std::string& text, const std::string& indent) {
    if (text.find('\n') == std::string::npos) return yaml(text);
    std::string out = "|-\n" + indent;
    for (const char c : text) out += c == '\n' ? "\n" + indent : std::string(1, c);
    return out;
}

/// So long it must last: the further periods of a rule of several.
std::chrono::seconds lasting(const Alarm& alarm) {
    const auto* rule = std::get_if<Threshold>(&alarm.rule);
    return rule ? (rule->datapoints - 1) * rule->period : std::chrono::seconds(0);
}

std::string alert(const Alarm& alarm, const std::string& expression) {
    std::string out =
        fmt::format("      - alert: {}\n        expr: {}\n", alarm.name, block(expression, "          "));
    const auto lasts = lasting(alarm);
    out += fmt::format("        for: {}\n", lasts.count() == 0 ? "0s" : duration_text(lasts));
    if (alarm.calm.count() > 0)
        out += fmt::format("        keep_firing_for: {}\n", duration_text(alarm.calm));
    out += fmt::format(
        "        labels:\n          service: brainbytes\n          severity: {}\n"
        "          component: {}\n          group: {}\n",
        alarm.severity, yaml(alarm.component), yaml(alarm.group_name()));
    if (!alarm.inhibited_by.empty())
        out += fmt::format("          inhibited_by: {}\n", yaml(alarm.inhibited_by));
    out += fmt::format("        annotations:\n          summary: {}\n          runbook_url: {}\n",
                       yaml(alarm.description), yaml(runbook_url(alarm)));
    return out;
}

/// The server tells of this one without a history, which lies in the database itself.
std::string database_away() {
    Alarm alarm;
    alarm.name = "database-away";
    alarm.description = "The database cannot be reached.";
    alarm.severity = "P0";
    alarm.component = "service";
    alarm.group = "database";
    alarm.runbook = "database-away";
    return alert(alarm, "min by (instance) (max_over_time(brainbytes_database_up[1m])) < 1");
}

std::string record(const std::string& name, const std::string& expression) {
    return fmt::format("      - record: {}\n        expr: {}\n", name, yaml(expression));
}

std::string shares(const std::vector<Alarm>& alarms) {
    std::string out;
    std::set<std::string> known;
    for (const auto& alarm : alarms) {
        const auto* rule = std::get_if<BurnRate>(&alarm.rule);
        if (!rule) continue;
        for (const auto& window : rule->windows)
            for (const auto length : {window.longer, window.shorter}) {
                const auto name = recorded_share(*rule, length);
                if (!known.insert(name).second) continue;
                out +=
                    record(name, fmt::format("({} or vector(0)) / ({} > 0)", failed_of(*rule, "rate", length),
                                             all_of(*rule, "rate", length)));
            }
    }
    return out;
}

std::string matchers_of(const std::set<std::string>& severities) {
    return fmt::format("severity=~\"{}\"", fmt::join(severities, "|"));
}

std::string receiver(const char* name) {
    return fmt::format(
        "  - name: {0}\n    webhook_configs:\n      - url: http://127.0.0.1:9095/{0}\n"
        "        send_resolved: true\n        http_config:\n          authorization:\n"
        "            credentials_file: /etc/alertmanager/{0}.token\n",
        name);
}

/// What is not told while something worse of the same group is on, and while what causes it is.
std::string inhibitions(const std::vector<Alarm>& alarms) {
    std::string out = "inhibit_rules:\n";
    std::set<std::string> severities, causes;
    for (const auto& alarm : alarms) {
        severities.insert(alarm.severity);
        if (!alarm.inhibited_by.empty()) causes.insert(alarm.inhibited_by);
    }
    while (severities.size() > 1) {
        const auto worst = *severities.begin();
        severities.erase(severities.begin());
        out += fmt::format(
            "  - source_matchers: ['severity=\"{}\"']\n    target_matchers: ['{}']\n"
            "    equal: [service, group, instance, place]\n",
            worst, matchers_of(severities));
    }
    for (const auto& cause : causes)
        out += fmt::format(
            "  - source_matchers: ['group=\"{0}\"']\n    target_matchers: ['inhibited_by=\"{0}\"']\n"
            "    equal: [service]\n",
            cause);
    return out;
}

}  // namespace

std::string alert_rules(const std::vector<Alarm>& alarms) {
    std::string out = header("prometheus");
    out += "groups:\n  - name: brainbytes-alarms\n    rules:\n";
    for (const auto& alarm : alarms)
        if (alarm.enabled) out += alert(alarm, expression_of(alarm));
    return out + database_away();
}

std::string recording_rules(const std::vector<Alarm>& alarms) {
    std::string out = header("prometheus-recording");
    out += "groups:\n  - name: brainbytes-shares\n    rules:\n" + shares(alarms);
    out += "  - name: brainbytes-dashboards\n    rules:\n";
    out += record("brainbytes:http_requests:rate5m", "sum(rate(brainbytes_http_requests_total[5m]))");
    out += record("brainbytes:http_requests_by_status:rate5m",
                  "sum by (status) (rate(brainbytes_http_requests_total[5m]))");
    out += record("brainbytes:http_request_duration_seconds_by_route:p95_5m",
                  "histogram_quantile(0.95, sum by (le, route) "
                  "(rate(brainbytes_http_request_duration_seconds_bucket[5m])))");
    out += record(
        "brainbytes:time_to_first_token_seconds:p95_5m",
        "histogram_quantile(0.95, sum by (le) (rate(brainbytes_time_to_first_token_seconds_bucket[5m])))");
    return out;
}

std::string alertmanager_config(const std::vector<Alarm>& alarms) {
    std::string out = header("alertmanager");
    out +=
        "# Put your own addresses in place of 127.0.0.1:9095; their tokens are read from files.\n"
        "route:\n  receiver: tickets\n  group_by: [service, group]\n  group_wait: 30s\n  group_interval: 5m\n"
        "  repeat_interval: 12h\n  routes:\n"
        "    - receiver: page\n      matchers: ['severity=~\"P0|P1\"']\n      group_wait: 0s\n"
        "      repeat_interval: 30m\n"
        "    - receiver: chat\n      matchers: ['severity=\"P2\"']\n      repeat_interval: 4h\n";
    out += inhibitions(alarms) + "receivers:\n";
    for (const auto* name : {"page", "chat", "tickets"}) out += receiver(name);
    return out;
}

}  // namespace bb::watch
