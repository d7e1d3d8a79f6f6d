#include "operations/watch/alarm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/core/json_reader.hpp"

namespace bb::watch {
namespace {

using std::chrono::seconds;
using Values = std::vector<std::optional<double>>;
using State = Verdict::State;

Threshold more_than_ten(int periods = 1, int datapoints = 1) {
    Threshold rule;
    rule.threshold = 10;
    rule.evaluation_periods = periods;
    rule.datapoints = datapoints;
    return rule;
}

TEST(QuantileTest, IsPrometheusOwn) {
    // histogram_quantile(0.5, ...) of 10 observations in (0.1, 0.2] of 20 in all.
    const std::vector<double> bounds = {0.1, 0.2, 0.5};
    EXPECT_DOUBLE_EQ(*quantile(bounds, {5, 10, 5, 0}, 0.5), 0.15);
    EXPECT_DOUBLE_EQ(*quantile(bounds, {5, 10, 5, 0}, 0.25), 0.1);
    EXPECT_DOUBLE_EQ(*quantile(bounds, {0, 0, 0, 3}, 0.95), 0.5);
    EXPECT_FALSE(quantile(bounds, {0, 0, 0, 0}, 0.5));
    EXPECT_EQ(observed_within(bounds, {5, 10, 5, 2}, 0.2), 15u);
}

TEST(StatisticTest, TakesTheWordsOfCloudWatch) {
    EXPECT_EQ(Statistic::parse("Sum")->name(), "sum");
    EXPECT_EQ(Statistic::parse("SampleCount")->name(), "samplecount");
    EXPECT_EQ(Statistic::parse("p99.9")->name(), "p99.9");
    for (const auto* wrong : {"", "p", "p0", "p100", "median", "p95x"})
        EXPECT_FALSE(Statistic::parse(wrong)) << wrong;
}

TEST(ThresholdTest, CountsThePeriodsThatAreBeyond) {
    EXPECT_EQ(judge(more_than_ten(), Values{11}).state, State::breaching);
    EXPECT_EQ(judge(more_than_ten(), Values{10}).state, State::ok);
    EXPECT_EQ(judge(more_than_ten(3, 2), Values{11, 9, 12}).state, State::breaching);
    EXPECT_EQ(judge(more_than_ten(3, 2), Values{9, 9, 12}).state, State::ok);
    EXPECT_THAT(judge(more_than_ten(), Values{11}).words, testing::HasSubstr("11"));
}

TEST(ThresholdTest, TakesMissingDataAsItIsTold) {
    auto rule = more_than_ten();
    EXPECT_EQ(judge(rule, Values{std::nullopt}).state, State::no_data);
    rule.missing = "breaching";
    EXPECT_EQ(judge(rule, Values{std::nullopt}).state, State::breaching);
    rule.missing = "notBreaching";
    EXPECT_EQ(judge(rule, Values{std::nullopt}).state, State::ok);
    rule.missing = "ignore";
    EXPECT_EQ(judge(rule, Values{std::nullopt}).state, State::unchanged);
}

TEST(ThresholdTest, KnowsEveryComparison) {
    EXPECT_TRUE(is_beyond(2, "GreaterThanThreshold", 1));
    EXPECT_FALSE(is_beyond(1, "GreaterThanThreshold", 1));
    EXPECT_TRUE(is_beyond(1, "GreaterThanOrEqualToThreshold", 1));
    EXPECT_TRUE(is_beyond(0, "LessThanThreshold", 1));
    EXPECT_TRUE(is_beyond(1, "LessThanOrEqualToThreshold", 1));
    EXPECT_EQ(comparison_names().size(), 4u);
}

TEST(BurnRateTest, WantsBothWindowsAndEnoughFailures) {
    BurnRate rule;
    rule.goal = 0.999;
    rule.windows = {{seconds(3600), seconds(300), 14.4}};
    const auto state = [&](double bad_long, double bad_short) {
        return judge(rule, {{bad_long, 10'000, bad_short, 1'000}}).state;
    };
    EXPECT_EQ(state(144, 14.4), State::breaching);  // 14.4 times the budget of 0.1 %
    EXPECT_EQ(state(143, 14.4), State::ok);
    EXPECT_EQ(state(144, 14), State::ok);  // it is over already
    EXPECT_EQ(judge(rule, {{9, 100, 9, 100}}).state, State::ok) << "a handful in a quiet night";
    EXPECT_EQ(judge(rule, {{0, 0, 0, 0}}).state, State::no_data);
}

TEST(AlarmStateTest, BeginsAtOnceAndEndsWhenItWasCalm) {
    Alarm alarm;
    alarm.calm = seconds(300);
    const Time start{};
    AlarmState state{"ok", start, {}, {}};
    state = next_state(alarm, state, {State::breaching, "bad"}, start + seconds(60));
    EXPECT_EQ(state.state, "alarm");
    EXPECT_EQ(state.since, start + seconds(60));
    state = next_state(alarm, state, {State::ok, "fine"}, start + seconds(120));
    EXPECT_EQ(state.state, "alarm");
    // It comes back within the calm: that is the same alarm.
    state = next_state(alarm, state, {State::breaching, "bad"}, start + seconds(180));
    EXPECT_EQ(state.since, start + seconds(60));
    state = next_state(alarm, state, {State::ok, "fine"}, start + seconds(240));
    state = next_state(alarm, state, {State::no_data, ""}, start + seconds(300));
    EXPECT_EQ(state.state, "alarm") << "nothing is known";
    state = next_state(alarm, state, {State::ok, "fine"}, start + seconds(539));
    EXPECT_EQ(state.state, "alarm");
    state = next_state(alarm, state, {State::ok, "fine"}, start + seconds(540));
    EXPECT_EQ(state.state, "ok");
    EXPECT_EQ(state.since, start + seconds(540));
}

TEST(BuiltInAlarmsTest, AreWhole) {
    std::set<std::string> names;
    for (const auto& alarm : built_in_alarms()) {
        EXPECT_TRUE(names.insert(alarm.name).second) << alarm.name;
        EXPECT_TRUE(alarm.enabled && alarm.built_in) << alarm.name;
        EXPECT_FALSE(alarm.runbook.empty() || alarm.description.empty()) << alarm.name;
        EXPECT_THAT(alarm.severity, testing::MatchesRegex("P[0-3]")) << alarm.name;
    }
    EXPECT_TRUE(names.contains("BrainBytes-HighErrorRate"));
}

TEST(DefinitionTest, ChangesWhatIsSaidAndNamesEveryFault) {
    Alarm base;
    base.name = "mine";
    base.severity = "P2";
    const auto good = changed(base, *parse_json(R"({"metric":"brainbytes_x","statistic":"Sum","threshold":3,)"
                                                R"("labels":{"status":"5*"},"severity":"P1"})"));
    ASSERT_TRUE(good);
    EXPECT_EQ(good->severity, "P1");
    EXPECT_EQ(std::get<Threshold>(good->rule).of.labels.at("status"), "5*");
    const auto bad =
        changed(base, *parse_json(R"({"statistic":"mean","period":90,"severity":"P9","colour":1})"));
    ASSERT_FALSE(bad);
    std::set<std::string> fields;
    for (const auto& field : bad.error().fields) fields.insert(field.pointer);
    EXPECT_EQ(fields,
              (std::set<std::string>{"#/statistic", "#/period", "#/severity", "#/colour", "#/metric"}));
}

}  // namespace
}  // namespace bb::watch
