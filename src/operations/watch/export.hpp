#pragma once
#include <string>
#include <vector>

#include "operations/watch/alarm.hpp"

namespace bb::watch {

/// What other systems read of a table of alarms; each is a pure function of it.
struct Export {
    const char* name;
    const char* help;
    std::string (*print)(const std::vector<Alarm>& alarms);
};
const std::vector<Export>& exports();

/// Alert rules of Prometheus 2.42 and newer. They use what recording_rules() names.
std::string alert_rules(const std::vector<Alarm>& alarms);
/// Shares of failures over each window of the burn rates, and what dashboards draw.
std::string recording_rules(const std::vector<Alarm>& alarms);
/// Who hears of which severity, and what is silent while something worse is on. Holds no secret.
std::string alertmanager_config(const std::vector<Alarm>& alarms);
/// A list; each element is an input of "aws cloudwatch put-metric-alarm --cli-input-json".
std::string cloudwatch_alarms(const std::vector<Alarm>& alarms);
/// The body of "aws cloudwatch put-dashboard".
std::string cloudwatch_dashboard(const std::vector<Alarm>& alarms);
/// A dashboard to import into Grafana 9 and newer.
std::string grafana_dashboard(const std::vector<Alarm>& alarms);

}  // namespace bb::watch
