#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "base/core/json_writer.hpp"
#include "cli/deploy.hpp"
#include "cli/since.hpp"
#include "operations/watch/history.hpp"
#include "operations/watch/statistic.hpp"

namespace bb::cli {
namespace {

constexpr int widest_plot = 50;

struct MetricsWords {
    std::string name;
    std::string statistic = "average";
    int period = 3600;
    std::string start = "24h", end;
    std::vector<std::string> labels;
    bool plot = false;
    bool json = false;
};

struct Value {
    Time at;
    double value;
};

std::string unit_of(const std::string& name) {
    if (name.ends_with("_seconds")) return "s";
    return name.ends_with("_bytes") ? "B" : "";
}

void print(Context& context, const MetricsWords& words, const std::vector<Value>& values) {
    if (words.json) {
        JsonWriter json;
        json.object().field("metric", words.name).field("statistic", words.statistic);
        json.field("period", words.period).key("points").array();
        for (const auto& one : values) json.object().field("at", one.at).field("value", one.value).end();
        context.out << json.end().end().take() << '\n';
        return;
    }
    double most = 0;
    for (const auto& one : values) most = std::max(most, one.value);
    for (const auto& one : values) {
        context.out << fmt::format("{}\t{:.6g}\t{}", to_rfc3339(one.at).substr(0, 16) + "Z", one.value,
                                   unit_of(words.name));
        const auto width = most > 0 ? static_cast<int>(one.value / most * widest_plot) : 0;
        if (words.plot) context.out << '\t' << std::string(static_cast<std::size_t>(std::max(width, 0)), '#');
        context.out << '\n';
    }
    if (values.empty()) context.err << "Nothing was observed in this time.\n";
}

/// Errors: invalid_input, with a sentence.
Result<watch::Selector> selector_of(const MetricsWords& words) {
    watch::Selector selector{words.name, {}};
    for (const auto& one : words.labels) {
        const auto equals = one.find('=');
        if (equals == 0 || equals == std::string::npos)
            return Error(ErrorCode::invalid_input,
                         fmt::format("\"{}\" is no NAME=PATTERN, such as status=5*.", one));
        selector.labels[one.substr(0, equals)] = one.substr(equals + 1);
    }
    return selector;
}

Task<int> show(Context& context, db::Database& db, MetricsWords words) {
    const auto statistic = watch::Statistic::parse(words.statistic);
    const auto start = parse_since(words.start);
    const auto end = words.end.empty() ? std::optional<Time>(now()) : parse_since(words.end);
    const auto selector = selector_of(words);
    if (!selector) co_return context.fail(selector.error());
    if (!statistic)
        co_return context.fail("--statistic is average, sum, minimum, maximum, samplecount or p1 to p99.9.");
    if (!start || !end || *end <= *start)
        co_return context.fail(
            "--start and --end are like 24h, 2026-11-22 or 2026-11-22T20:10:00Z, in order.");
    const std::chrono::seconds period(words.period);
    const Time begin = std::chrono::floor<std::chrono::minutes>(*start);
    if ((*end - begin) / period > 2000)
        co_return context.fail("That is more than 2000 periods: take a longer --period.");
    auto work = [&](db::Transaction& tx) -> Task<watch::Found> {
        co_return co_await watch::read_history(tx, *selector, begin, *end, period, now());
    };
    const auto found = co_await db.transaction(work);
    if (found.kind.empty())
        co_return context.fail(
            fmt::format("There is no history of \"{}\" with these labels: \"brainbytes metrics list\" names "
                        "what there is.",
                        words.name));
    std::vector<Value> values;
    for (const auto& one : found.periods)
        if (const auto value = watch::value_of(found, one, *statistic))
            values.push_back({one.begins, *value});
    print(context, words, values);
    co_return done;
}

Task<int> list(Context& context, db::Database& db) {
    for (const auto& one : co_await watch::known_metrics(db))
        context.out << fmt::format("{}\t{}\t{} series\n", one.name, one.kind, one.series);
    co_return done;
}

}  // namespace

void register_metrics(CLI::App& app, Chosen& chosen) {
    auto* group = app.add_subcommand("metrics", "What was measured, also long ago");
    group->require_subcommand(1);
    const auto words = std::make_shared<MetricsWords>();
    auto* command = group->add_subcommand("show", "A statistic of a metric by periods");
    add_stage(*command, chosen);
    command->add_option("name", words->name, "Such as brainbytes_http_request_duration_seconds")->required();
    command->add_option("--statistic", words->statistic,
                        "average, sum, minimum, maximum, samplecount, or p95 of a histogram");
    command->add_option("--period", words->period, "Seconds of a period, full minutes")
        ->check(CLI::Range(60, 31 * 86'400));
    command->add_option("--start", words->start, "24h ago, a date or a time (24h)");
    command->add_option("--end", words->end, "The same; else now");
    command->add_option("--label", words->labels,
                        "Only series whose label fits: status=5*, route=!/livez|/readyz");
    command->add_flag("--plot", words->plot, "Draw bars");
    command->add_flag("--json", words->json, "Print {\"metric\",\"points\":[{\"at\",\"value\"}]}");
    command->callback([&chosen, words] {
        chosen.action = [&chosen, words](Context& context) {
            if (const auto there = on_first_host(context, chosen)) return *there;
            return run_with_database(context.config,
                                     [&](db::Database& db) { return show(context, db, *words); });
        };
    });
    auto* names = group->add_subcommand("list", "Metrics that have a history");
    add_stage(*names, chosen);
    names->callback([&chosen] {
        chosen.action = [&chosen](Context& context) {
            if (const auto there = on_first_host(context, chosen)) return *there;
            return run_with_database(context.config, [&](db::Database& db) { return list(context, db); });
        };
    });
}

}  // namespace bb::cli
