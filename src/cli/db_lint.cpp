#include <fmt/format.h>

#include "base/core/json_writer.hpp"
#include "base/db/lint/lint.hpp"
#include "cli/db.hpp"

namespace bb::cli {
namespace {

JsonWriter& begin_finding(JsonWriter& json, const db::Finding& finding) {
    return json.object()
        .field("number", finding.number)
        .field("file", finding.file)
        .field("line", finding.line)
        .field("rule", finding.rule)
        .field("detail", finding.detail);
}

void print_json(Context& context, const db::LintReport& report) {
    JsonWriter json;
    json.object().field("clean", report.findings.empty()).key("findings").array();
    for (const auto& one : report.findings) begin_finding(json, one).end();
    json.end().key("safe").array();
    for (const auto& one : report.excuses) begin_finding(json, one.finding).field("reason", one.reason).end();
    json.end().field("firstLinted", db::first_linted).key("baseline").array();
    for (const auto& one : report.baseline) begin_finding(json, one).end();
    context.out << json.end().end().take() << '\n';
}

void print_words(Context& context, const db::LintReport& report) {
    for (const auto& one : report.findings) context.out << db::sentence(one) << '\n';
    for (const auto& one : report.excuses)
        context.out << fmt::format("{}:{}: {}: safe, it says: {}\n", one.finding.file, one.finding.line,
                                   one.finding.rule, one.reason);
    for (const auto& one : report.baseline)
        context.out << fmt::format("{}:{}: {}: baseline, older than the rules\n", one.file, one.line,
                                   one.rule);
    context.err << (report.findings.empty() ? std::string("The migrations keep the rules.\n")
                                            : fmt::format("{} findings.\n", report.findings.size()));
}

}  // namespace

int lint_migrations(Context& context, bool as_json) {
    const auto report = db::lint(embedded::embedded_migrations());
    as_json ? print_json(context, report) : print_words(context, report);
    return report.findings.empty() ? done : failed;
}

}  // namespace bb::cli
