#include "operations/watch/export.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "operations/watch/export_text.hpp"

namespace bb::watch {
namespace {

Alarm with(Threshold rule) {
    Alarm alarm;
    alarm.name = "mine";
    alarm.severity = "P2";
    alarm.component = "service";
    alarm.runbook = "mine";
    alarm.description = "The owner's disk is full.";
    alarm.rule = std::move(rule);
    return alarm;
}

Threshold gauge() {
    Threshold rule;
    rule.of = {"brainbytes_disk_free_share", {{"place", "data"}}};
    rule.statistic = *Statistic::parse("minimum");
    rule.comparison = "LessThanOrEqualToThreshold";
    rule.threshold = 0.1;
    return rule;
}

TEST(ExportText, WritesPatternsAsAnchoredExpressions) {
    EXPECT_EQ(series_of("m", {}), "m");
    EXPECT_EQ(series_of("m", {{"a", "x"}, {"b", "!y"}}), R"(m{a="x",b!="y"})");
    EXPECT_EQ(series_of("m", {{"route", "!/livez|/api/chat*"}, {"status", "5*"}}),
              R"(m{route!~"/livez|/api/chat.*",status=~"5.*"})");
    EXPECT_EQ(series_of("m", {{"file", "a.b*"}}), R"(m{file=~"a\\.b.*"})");
}

TEST(ExportText, NamesABucketInBothFormats) {
    EXPECT_EQ(buckets_within({"m", {}}, 1), R"(m_bucket{le=~"1(\\.0)?"})");
    EXPECT_EQ(buckets_within({"m", {{"a", "b"}}}, 0.25), R"(m_bucket{a="b",le=~"0\\.25"})");
}

TEST(ExportText, WritesDurationsInTheLargestUnit) {
    using std::chrono::seconds;
    EXPECT_EQ(duration_text(seconds(90)), "90s");
    EXPECT_EQ(duration_text(seconds(300)), "5m");
    EXPECT_EQ(duration_text(seconds(21'600)), "6h");
    EXPECT_EQ(duration_text(seconds(259'200)), "3d");
}

TEST(ExportText, ComparesAsTheRuleDoes) {
    auto rule = gauge();
    EXPECT_EQ(
        expression_of(with(rule)),
        "min by (instance, place) (min_over_time(brainbytes_disk_free_share{place=\"data\"}[5m])) <= 0.1");
    rule.missing = "breaching";
    EXPECT_TRUE(expression_of(with(rule)).ends_with("or absent(brainbytes_disk_free_share{place=\"data\"})"));
    rule.missing = "missing";
    rule.of = {"brainbytes_model_requests_total", {{"outcome", "failed"}}};
    rule.statistic = *Statistic::parse("sum");
    rule.share_of = "outcome";
    rule.least = 20;
    EXPECT_EQ(expression_of(with(rule)),
              "sum(increase(brainbytes_model_requests_total{outcome=\"failed\"}[5m]))\n"
              "  / (sum(increase(brainbytes_model_requests_total[5m])) >= 20) <= 0.1");
}

TEST(ExportPrometheus, WaitsForAllPeriodsAndQuotes) {
    auto rule = gauge();
    rule.evaluation_periods = rule.datapoints = 3;
    const auto text = alert_rules({with(rule)});
    EXPECT_NE(text.find("        for: 10m\n        keep_firing_for: 5m\n"), std::string::npos) << text;
    EXPECT_NE(text.find("summary: \"The owner's disk is full.\""), std::string::npos) << text;
}

TEST(ExportPrometheus, LeavesOutWhatIsSwitchedOff) {
    auto off = with(gauge());
    off.enabled = false;
    EXPECT_EQ(alert_rules({off}).find("mine"), std::string::npos);
    EXPECT_EQ(cloudwatch_alarms({off}), "[]\n");
}

TEST(Export, NamesEveryAlarmAndWritesJson) {
    for (const auto& alarm : built_in_alarms()) {
        EXPECT_NE(alert_rules(built_in_alarms()).find("alert: " + alarm.name + "\n"), std::string::npos)
            << alarm.name;
        EXPECT_NE(cloudwatch_alarms(built_in_alarms()).find(alarm.description), std::string::npos)
            << alarm.name;
    }
    for (const auto print : {cloudwatch_alarms, cloudwatch_dashboard, grafana_dashboard})
        EXPECT_NO_THROW(boost::json::parse(print(built_in_alarms())));
}

TEST(ExportPrometheus, RecordsEachShareOfABurnRateOnce) {
    const auto text = recording_rules(built_in_alarms());
    for (const auto& alarm : built_in_alarms()) {
        const auto* rule = std::get_if<BurnRate>(&alarm.rule);
        if (!rule) continue;
        for (const auto& window : rule->windows)
            for (const auto length : {window.longer, window.shorter}) {
                const auto name = "record: " + recorded_share(*rule, length) + "\n";
                const auto first = text.find(name);
                ASSERT_NE(first, std::string::npos) << name;
                EXPECT_EQ(text.find(name, first + 1), std::string::npos) << name;
            }
    }
}

}  // namespace
}  // namespace bb::watch
