#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "operations/watch/alarm.hpp"

namespace bb::watch {
namespace {

using State = Verdict::State;
using Compare = std::function<bool(double, double)>;

const std::map<std::string, Compare>& comparisons() {
    static const std::map<std::string, Compare> all = {
        {"GreaterThanThreshold", std::greater<>()},
        {"GreaterThanOrEqualToThreshold", std::greater_equal<>()},
        {"LessThanThreshold", std::less<>()},
        {"LessThanOrEqualToThreshold", std::less_equal<>()},
    };
    return all;
}

std::string_view sign_of(const std::string& comparison) {
    if (comparison == "GreaterThanThreshold") return "more than";
    if (comparison == "GreaterThanOrEqualToThreshold") return "at least";
    return comparison == "LessThanThreshold" ? "less than" : "at most";
}

constexpr double rounding = 1e-9;

/// The periods end now, so that a fault is seen when it happens and not at the next full five minutes. Rows
/// are of minutes: the one that runs counts as the last.
Time end_of(Time now) {
    return std::chrono::floor<std::chrono::minutes>(now) + std::chrono::minutes(1);
}

std::string in_words(const Threshold& rule, double value) {
    const auto what = rule.share_of.empty() ? fmt::format("{} of {}", rule.statistic.name(), rule.of.metric)
                                            : fmt::format("the share of {}", rule.of.metric);
    return fmt::format("{} is {:.4g} in {} s; {} {:g} is an alarm", what, value, rule.period.count(),
                       sign_of(rule.comparison), rule.threshold);
}

std::vector<std::optional<double>> values_of(const Threshold& rule, const Found& found, Time start) {
    std::vector<std::optional<double>> values(static_cast<std::size_t>(rule.evaluation_periods));
    for (const auto& period : found.periods) {
        const auto place = static_cast<std::size_t>((period.begins - start) / rule.period);
        if (place < values.size()) values[place] = value_of(found, period, rule.statistic);
    }
    return values;
}

void divide(std::vector<std::optional<double>>& values, const std::vector<std::optional<double>>& by,
            double least) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (by[i] && *by[i] >= std::max(least, 1.0))
            values[i] = values[i].value_or(0) / *by[i];
        else
            values[i].reset();
    }
}

/// Since when nodes look at this installation.
Task<std::chrono::microseconds> known_for(db::Transaction& tx, Time now) {
    const auto begun = co_await tx.query("SELECT coalesce(begun_at, $1::timestamptz) FROM watch_turns", now);
    co_return now - begun[0].get<Time>(0);
}

Task<Verdict> judge_threshold(db::Transaction& tx, Threshold rule, Time now) {
    const Time end = end_of(now);
    const Time start = end - rule.evaluation_periods * rule.period;
    const auto found = co_await read_history(tx, rule.of, start, end, rule.period, now);
    auto values = values_of(rule, found, start);
    // A counter that does not move has no points: nothing happened, which is a number.
    if (found.kind == "counter" && rule.statistic.kind == Statistic::Kind::sum)
        for (auto& value : values) value = value.value_or(0);
    if (!rule.share_of.empty()) {
        Selector all = rule.of;
        all.labels.erase(rule.share_of);
        const auto whole = co_await read_history(tx, all, start, end, rule.period, now);
        divide(values, values_of(rule, whole, start), rule.least);
    }
    auto verdict = judge(rule, values);
    if (verdict.state != State::no_data || rule.absent_after.count() == 0) co_return verdict;
    const auto known = co_await known_for(tx, now);
    if (known >= rule.absent_after)
        verdict = {State::breaching, fmt::format("{} was never seen", rule.of.metric)};
    co_return verdict;
}

/// Failed and all within the seconds before `end`.
Task<std::pair<double, double>> failed_of(db::Transaction& tx, const BurnRate& rule, Time end,
                                          std::chrono::seconds span) {
    const auto all = co_await read_history(tx, rule.all, end - span, end, span, end);
    if (all.periods.empty()) co_return std::pair(0.0, 0.0);
    if (all.kind == "histogram") {
        std::uint64_t count = 0;
        for (const auto one : all.periods[0].counts) count += one;
        const auto good = observed_within(all.bounds, all.periods[0].counts, rule.within);
        co_return std::pair(static_cast<double>(count - good), static_cast<double>(count));
    }
    Selector bad = rule.all;
    bad.labels[rule.bad_label] = rule.bad_pattern;
    const auto failed = co_await read_history(tx, bad, end - span, end, span, end);
    co_return std::pair(failed.periods.empty() ? 0.0 : failed.periods[0].sum, all.periods[0].sum);
}

Task<Verdict> judge_burn(db::Transaction& tx, BurnRate rule, Time now) {
    const Time end = end_of(now);
    const auto known = co_await known_for(tx, now);
    std::vector<Burned> burned;
    for (const auto& window : rule.windows) {
        // Of a young history a few minutes would stand for days.
        if (known < window.longer / 2) {
            burned.emplace_back();
            continue;
        }
        const auto longer = co_await failed_of(tx, rule, end, window.longer);
        const auto shorter = co_await failed_of(tx, rule, end, window.shorter);
        burned.push_back({longer.first, longer.second, shorter.first, shorter.second});
    }
    co_return judge(rule, burned);
}

constexpr const char* silent_sql =
    "SELECT node FROM (SELECT DISTINCT ON (m.node) m.node, m.at, m.value FROM metric_minutes m "
    "JOIN metric_series s ON s.id = m.series WHERE s.name = 'brainbytes_serving' AND m.at >= $1 "
    "AND m.at <= $3 ORDER BY m.node, m.at DESC) AS last WHERE value = 1 AND at < $2 ORDER BY 1 LIMIT 20";

Task<Verdict> judge_silence(db::Transaction& tx, Silence rule, Time now) {
    // When nobody could write, nobody is missed: the others need a moment to be heard again.
    const auto resumed = co_await tx.query("SELECT resumed_at FROM watch_turns");
    if (now - resumed[0].get<Time>(0) < rule.after)
        co_return Verdict{State::unchanged, "nodes have just begun to report again"};
    const auto nodes = co_await tx.query(silent_sql, Time(now - rule.forgotten), Time(now - rule.after), now);
    if (nodes.empty()) co_return Verdict{State::ok, "every node reports"};
    std::string words;
    for (const auto row : nodes) words += (words.empty() ? "" : ", ") + row.get<std::string>(0);
    co_return Verdict{State::breaching,
                      fmt::format("nothing was heard for {} s from {}", rule.after.count(), words)};
}

}  // namespace

const std::vector<std::string>& comparison_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> made;
        for (const auto& [name, ignored] : comparisons()) made.push_back(name);
        return made;
    }();
    return names;
}

bool is_beyond(double value, const std::string& comparison, double threshold) {
    return comparisons().at(comparison)(value, threshold);
}

Verdict judge(const Threshold& rule, const std::vector<std::optional<double>>& values) {
    int beyond = 0, known = 0;
    std::optional<double> last;
    for (const auto& value : values) {
        const bool counts = value || rule.missing == "breaching" || rule.missing == "notBreaching";
        known += counts ? 1 : 0;
        if (value ? is_beyond(*value, rule.comparison, rule.threshold) : rule.missing == "breaching")
            ++beyond;
        if (value) last = value;
    }
    if (known == 0) return {rule.missing == "ignore" ? State::unchanged : State::no_data, "there is no data"};
    const auto words = last ? in_words(rule, *last) : std::string("there is no data");
    return {beyond >= rule.datapoints ? State::breaching : State::ok, words};
}

Verdict judge(const BurnRate& rule, const std::vector<Burned>& windows) {
    const double budget = 1 - rule.goal;
    bool any = false;
    for (std::size_t i = 0; i < windows.size() && i < rule.windows.size(); ++i) {
        const auto& burned = windows[i];
        if (burned.all_long <= 0) continue;
        any = true;
        const double longer = burned.bad_long / burned.all_long / budget;
        const double shorter = burned.all_short > 0 ? burned.bad_short / burned.all_short / budget : 0;
        const auto& window = rule.windows[i];
        const double rate = window.rate * (1 - rounding);
        if (longer >= rate && shorter >= rate && burned.bad_long >= rule.least)
            return {State::breaching,
                    fmt::format(
                        "{:.3g} % failed in {} min and {:.3g} % in {} min: {:.3g} times what {:g} % allows",
                        100 * longer * budget, window.longer.count() / 60, 100 * shorter * budget,
                        window.shorter.count() / 60, std::min(longer, shorter), 100 * rule.goal)};
    }
    if (!any) return {State::no_data, "there is no data"};
    return {State::ok, "the budget of failures is not used up too fast"};
}

Task<Verdict> judge(db::Transaction& tx, Alarm alarm, Time now) {
    if (const auto* rule = std::get_if<Threshold>(&alarm.rule))
        co_return co_await judge_threshold(tx, *rule, now);
    if (const auto* rule = std::get_if<BurnRate>(&alarm.rule)) co_return co_await judge_burn(tx, *rule, now);
    co_return co_await judge_silence(tx, std::get<Silence>(alarm.rule), now);
}

AlarmState next_state(const Alarm& alarm, const AlarmState& before, const Verdict& verdict, Time now) {
    AlarmState after = before;
    after.words = verdict.words;
    if (verdict.state == State::unchanged) return before;
    const auto become = [&](const char* state) {
        if (after.state != state) after.since = now;
        after.state = state;
        after.calm.reset();
    };
    if (verdict.state == State::breaching) {
        become("alarm");
        return after;
    }
    if (before.state == "alarm") {
        // Nothing is known: that is no reason to call it over.
        if (verdict.state == State::no_data) return before;
        if (!after.calm) after.calm = now;
        if (now - *after.calm < alarm.calm) return after;
    }
    become(verdict.state == State::ok ? "ok" : "no data");
    return after;
}

}  // namespace bb::watch
