#include <fmt/format.h>

#include <boost/json.hpp>

#include "operations/watch/export.hpp"
#include "operations/watch/export_panels.hpp"
#include "operations/watch/export_text.hpp"

namespace bb::watch {
namespace {

namespace js = boost::json;

constexpr const char* region = "us-east-1";
constexpr int width = 12;
constexpr int height = 6;

// What deploy/aws makes besides the program; it puts its own names in place of "brainbytes-production".
constexpr const char* of_aws = R"json([
    {"title": "Requests",
    "metrics": [[{"expression": "SEARCH('{AWS/ApplicationELB,LoadBalancer} MetricName=\"RequestCount\" brainbytes-production', 'Sum', 60)",
    "label": "requests", "id": "a"}]]},
    {"title": "Answers with 500 or more",
    "metrics": [[{"expression": "SEARCH('{AWS/ApplicationELB,LoadBalancer,TargetGroup} MetricName=\"HTTPCode_Target_5XX_Count\" brainbytes-production', 'Sum', 60)",
    "label": "server", "id": "a"}],
    [{"expression": "SEARCH('{AWS/ApplicationELB,LoadBalancer} MetricName=\"HTTPCode_ELB_5XX_Count\" brainbytes-production', 'Sum', 60)",
    "label": "balancer", "id": "b"}]], "annotations": {"horizontal": [{"label": "alarm, in 5 minutes",
    "value": 10}]}},
    {"title": "Time until an answer begins (s)",
    "metrics": [[{"expression": "SEARCH('{AWS/ApplicationELB,LoadBalancer,TargetGroup} MetricName=\"TargetResponseTime\" brainbytes-production', 'p50', 60)",
    "label": "half", "id": "a"}],
    [{"expression": "SEARCH('{AWS/ApplicationELB,LoadBalancer,TargetGroup} MetricName=\"TargetResponseTime\" brainbytes-production', 'p95', 60)",
    "label": "95 of 100", "id": "b"}]]},
    {"title": "Healthy servers",
    "metrics": [[{"expression": "SEARCH('{AWS/ApplicationELB,LoadBalancer,TargetGroup} MetricName=\"HealthyHostCount\" brainbytes-production', 'Minimum', 60)",
    "label": "healthy", "id": "a"}]]},
    {"title": "Server: processor and memory (%)", "metrics": [["AWS/ECS", "CPUUtilization", "ClusterName",
    "brainbytes-production", "ServiceName", "brainbytes-production", {"stat": "Average"}], ["AWS/ECS",
    "MemoryUtilization", "ClusterName", "brainbytes-production", "ServiceName", "brainbytes-production",
    {"stat": "Average"}]]},
    {"title": "Database: processor (%), connections", "metrics": [["AWS/RDS", "CPUUtilization",
    "DBInstanceIdentifier", "brainbytes-production", {"stat": "Average"}], ["AWS/RDS",
    "DatabaseConnections", "DBInstanceIdentifier", "brainbytes-production", {"stat": "Maximum"}]]},
    {"title": "Database: free storage (bytes)", "metrics": [["AWS/RDS", "FreeStorageSpace",
    "DBInstanceIdentifier", "brainbytes-production", {"stat": "Minimum"}]]},
    {"title": "Refused by the firewall", "metrics": [["AWS/WAFV2", "BlockedRequests", "WebACL",
    "brainbytes-production", "Region", "us-east-1", "Rule", "ALL", {"stat": "Sum"}]]}
])json";

constexpr const char* errors_query =
    "SOURCE '/brainbytes/production' | fields @timestamp, @message | filter level = 'error' "
    "| sort @timestamp desc | limit 50";

js::object widget(const char* type, int number, js::object properties) {
    return {{"type", type},   {"x", number % 2 * width}, {"y", number / 2 * height},
            {"width", width}, {"height", height},        {"properties", std::move(properties)}};
}

js::object picture(int number, const std::string& title, js::value metrics) {
    return widget("metric", number,
                  {{"title", title},
                   {"region", region},
                   {"view", "timeSeries"},
                   {"stacked", false},
                   {"metrics", std::move(metrics)}});
}

/// Every series of a metric of ours, whatever its dimensions are.
js::value search(const Panel& panel) {
    const auto expression = fmt::format("SEARCH('Namespace=\"BrainBytes\" MetricName=\"{}\"', '{}', 60)",
                                        panel.metric, panel.statistic);
    js::array series;
    series.push_back(js::object{{"expression", expression}, {"label", panel.title}, {"id", "a"}});
    js::array all;  // not array{array}: clang takes that for a copy
    all.push_back(std::move(series));
    return all;
}

}  // namespace

std::string cloudwatch_dashboard(const std::vector<Alarm>&) {
    js::array widgets;
    int number = 0;
    const auto given_widgets = js::parse(of_aws);
    for (const auto& one : given_widgets.as_array()) {
        const auto& given = one.as_object();
        auto made = picture(number++, std::string(given.at("title").as_string()), given.at("metrics"));
        if (const auto* marks = given.if_contains("annotations"))
            made["properties"].as_object()["annotations"] = *marks;
        widgets.push_back(std::move(made));
    }
    for (const auto& panel : panels())
        widgets.push_back(picture(number++, panel.group + ": " + panel.title, search(panel)));
    auto errors =
        widget("log", number + number % 2,
               {{"title", "Last errors"}, {"region", region}, {"view", "table"}, {"query", errors_query}});
    errors["width"] = 2 * width;
    widgets.push_back(std::move(errors));
    return readable_json(js::object{{"widgets", std::move(widgets)}});
}

const std::vector<Export>& exports() {
    static const std::vector<Export> all = {
        {"prometheus", "Alert rules of Prometheus", alert_rules},
        {"prometheus-recording", "Recording rules that the alert rules use", recording_rules},
        {"alertmanager", "Alertmanager: who hears of what", alertmanager_config},
        {"cloudwatch", "Alarms of CloudWatch, a JSON list", cloudwatch_alarms},
        {"grafana", "Dashboard of Grafana", grafana_dashboard},
        {"dashboard", "Dashboard of CloudWatch", cloudwatch_dashboard},
    };
    return all;
}

}  // namespace bb::watch
