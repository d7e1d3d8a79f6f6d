#include "operations/watch/export_text.hpp"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

namespace bb::watch {
namespace {

namespace js = boost::json;

constexpr std::string_view special = "\\.+?()[]{}^$";

/// A pattern as a regular expression inside a string of PromQL; Prometheus anchors it.
std::string expression_text(std::string_view pattern) {
    std::string out;
    for (const char c : pattern) {
        if (c == '*')
            out += ".*";
        else if (special.find(c) != std::string_view::npos)
            out += std::string("\\\\") + c;
        else
            out += c;
    }
    return out;
}

std::string matcher(const std::string& label, std::string_view pattern) {
    const bool others = pattern.starts_with('!');
    pattern.remove_prefix(others ? 1 : 0);
    if (pattern.find_first_of("*|") == std::string_view::npos)
        return fmt::format("{}{}\"{}\"", label, others ? "!=" : "=", pattern);
    return fmt::format("{}{}\"{}\"", label, others ? "!~" : "=~", expression_text(pattern));
}

std::string sum_of(std::string_view function, const std::string& series, std::chrono::seconds window) {
    return fmt::format("sum({}({}[{}]))", function, series, duration_text(window));
}

std::string_view sign(const std::string& comparison) {
    if (comparison == "GreaterThanThreshold") return ">";
    if (comparison == "GreaterThanOrEqualToThreshold") return ">=";
    return comparison == "LessThanThreshold" ? "<" : "<=";
}

/// Gauges keep the server and the disk they are of; what was counted is summed up over all.
std::string measured(const Threshold& rule) {
    const auto series = series_of(rule.of.metric, rule.of.labels);
    const auto of = [&](const char* outer, const char* inner) {
        return fmt::format("{} by (instance, place) ({}({}[{}]))", outer, inner, series,
                           duration_text(rule.period));
    };
    using Kind = Statistic::Kind;
    switch (rule.statistic.kind) {
        case Kind::maximum:
            return of("max", "max_over_time");
        case Kind::minimum:
            return of("min", "min_over_time");
        case Kind::average:
            return of("avg", "avg_over_time");
        case Kind::sample_count:
            return of("sum", "count_over_time");
        case Kind::sum:
            return sum_of("increase", series, rule.period);
        case Kind::percentile:
            break;
    }
    return fmt::format("histogram_quantile({:g}, sum by (le) (rate({}[{}])))",
                       rule.statistic.percentile / 100, series_of(rule.of.metric + "_bucket", rule.of.labels),
                       duration_text(rule.period));
}

std::string expression_of(const Threshold& rule) {
    auto value = measured(rule);
    if (!rule.share_of.empty()) {
        auto all = rule.of.labels;
        all.erase(rule.share_of);
        value +=
            fmt::format("\n  / ({} >= {:g})", sum_of("increase", series_of(rule.of.metric, all), rule.period),
                        std::max(rule.least, 1.0));
    }
    value += fmt::format(" {} {:.15g}", sign(rule.comparison), rule.threshold);
    if (rule.missing == "breaching")
        value += fmt::format("\n  or absent({})", series_of(rule.of.metric, rule.of.labels));
    return value;
}

std::string expression_of(const BurnRate& rule) {
    std::string text;
    for (const auto& window : rule.windows) {
        const auto limit = window.rate * (1 - rule.goal);
        if (!text.empty()) text += "\nor\n";
        text += fmt::format("({} >= {:.6g}\n  and {} >= {:.6g}\n  and {} >= {:g})",
                            recorded_share(rule, window.longer), limit, recorded_share(rule, window.shorter),
                            limit, failed_of(rule, "increase", window.longer), rule.least);
    }
    return text;
}

/// A server that said that it ends is not lost.
std::string expression_of(const Silence& rule) {
    return fmt::format(
        "(max_over_time(up{{job=\"brainbytes\"}}[{}]) == 0)\n"
        "  unless on (instance) (last_over_time(brainbytes_serving[{}]) == 0)",
        duration_text(rule.after), duration_text(rule.forgotten));
}

bool is_leaf(const js::value& value) {
    return !value.is_object() && !value.is_array();
}

void write(std::string& out, const js::value& value, std::size_t depth) {
    const std::string indent(2 * depth, ' '), deeper = indent + "  ";
    std::string_view between;
    const auto next = [&] {
        out += between;
        between = ",";
        out += "\n" + deeper;
    };
    if (const auto* object = value.if_object(); object && !object->empty()) {
        out += '{';
        for (const auto& [name, content] : *object) {
            next();
            out += js::serialize(js::value(name)) + ": ";
            write(out, content, depth + 1);
        }
        out += "\n" + indent + "}";
        return;
    }
    // Boost writes 0.2 as 2E-1.
    if (const auto* number = value.if_double()) {
        out += fmt::format("{}", *number);
        return;
    }
    const auto* array = value.if_array();
    if (!array || std::all_of(array->begin(), array->end(), is_leaf)) {
        out += js::serialize(value);
        return;
    }
    out += '[';
    for (const auto& one : *array) {
        next();
        write(out, one, depth + 1);
    }
    out += "\n" + indent + "]";
}

}  // namespace

std::string duration_text(std::chrono::seconds length) {
    const auto count = length.count();
    if (count % 86'400 == 0) return fmt::format("{}d", count / 86'400);
    if (count % 3600 == 0) return fmt::format("{}h", count / 3600);
    return count % 60 == 0 ? fmt::format("{}m", count / 60) : fmt::format("{}s", count);
}

std::string series_of(const std::string& name, const std::map<std::string, std::string>& labels) {
    std::vector<std::string> matchers;
    for (const auto& [label, pattern] : labels) matchers.push_back(matcher(label, pattern));
    return matchers.empty() ? name : fmt::format("{}{{{}}}", name, fmt::join(matchers, ","));
}

std::string buckets_within(const Selector& of, double bound) {
    auto text = series_of(of.metric + "_bucket", of.labels);
    const auto number = expression_text(fmt::format("{:g}", bound));
    const auto le =
        fmt::format("le=~\"{}{}\"", number, number.find('.') == std::string::npos ? "(\\\\.0)?" : "");
    if (!text.ends_with('}')) return fmt::format("{}{{{}}}", text, le);
    text.pop_back();
    return text + "," + le + "}";
}

std::string recorded_share(const BurnRate& rule, std::chrono::seconds window) {
    std::string_view name = rule.all.metric;
    if (name.starts_with("brainbytes_")) name.remove_prefix(11);
    for (const std::string_view end : {"_total", "_seconds"})
        if (name.ends_with(end)) name.remove_suffix(end.size());
    return fmt::format("brainbytes:{}:bad_ratio_{}", name, duration_text(window));
}

std::string failed_of(const BurnRate& rule, std::string_view function, std::chrono::seconds window) {
    if (rule.within > 0)
        return fmt::format("({} - {})", all_of(rule, function, window),
                           sum_of(function, buckets_within(rule.all, rule.within), window));
    auto bad = rule.all.labels;
    bad[rule.bad_label] = rule.bad_pattern;
    return sum_of(function, series_of(rule.all.metric, bad), window);
}

std::string all_of(const BurnRate& rule, std::string_view function, std::chrono::seconds window) {
    const auto name = rule.all.metric + (rule.within > 0 ? "_count" : "");
    return sum_of(function, series_of(name, rule.all.labels), window);
}

std::string expression_of(const Alarm& alarm) {
    return std::visit([](const auto& rule) { return expression_of(rule); }, alarm.rule);
}

std::string yaml(std::string_view text) {
    if (text.find_first_of("\"\\") == std::string_view::npos) return fmt::format("\"{}\"", text);
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
    return out + "'";
}

std::string readable_json(const js::value& value) {
    std::string out;
    write(out, value, 0);
    return out + "\n";
}

std::string runbook_url(const Alarm& alarm) {
    return "docs/runbook.md#" + alarm.runbook;
}

}  // namespace bb::watch
