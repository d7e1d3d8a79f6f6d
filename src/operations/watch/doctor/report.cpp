#include "operations/watch/doctor/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <stdexcept>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/utf8.hpp"

namespace bb::watch {
namespace {

constexpr Standing from_best_to_worst[] = {Standing::ok, Standing::skipped, Standing::warn, Standing::fail};
constexpr Standing as_counted[] = {Standing::ok, Standing::warn, Standing::fail, Standing::skipped};
constexpr std::size_t standing_width = 8;

/// What others have said may be anything; a line stays a line, and JSON stays JSON.
std::string one_line(std::string text) {
    if (!utf8::valid(text)) text = "(words that are not UTF-8)";
    for (char& c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == 127) c = ' ';
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
}

std::string text_of(const boost::json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    if (!value || !value->is_string()) throw std::runtime_error(fmt::format("the report has no {}", name));
    return std::string(value->get_string());
}

Standing standing_of(std::string_view word) {
    for (const auto standing : from_best_to_worst)
        if (word_of(standing) == word) return standing;
    throw std::runtime_error("the report has a result that is none");
}

}  // namespace

int Report::count(Standing standing) const {
    return static_cast<int>(std::count_if(findings.begin(), findings.end(),
                                          [&](const auto& one) { return one.standing == standing; }));
}

std::string to_text(const Report& report) {
    std::size_t width = 0;
    for (const auto& one : report.findings) width = std::max(width, one.name.size());
    std::string text;
    for (const auto standing : from_best_to_worst)
        for (const auto& one : report.findings) {
            if (one.standing != standing) continue;
            text += fmt::format("{:<{}} {:<{}}  {}\n", word_of(standing), standing_width, one.name, width,
                                one_line(one.found));
            if (!one.fix.empty())
                text += fmt::format("{:<{}}   fix: {}\n", "", standing_width + width, one_line(one.fix));
        }
    std::string counts;
    for (const auto standing : as_counted)
        counts +=
            fmt::format("{}{} {}", counts.empty() ? "" : ", ", report.count(standing), word_of(standing));
    return text + fmt::format("{} in {:.1f} s\n", counts, report.seconds);
}

std::string to_json(const Report& report) {
    JsonWriter json;
    json.object().field("at", report.at).field("seconds", report.seconds);
    for (const auto standing : as_counted) json.field(word_of(standing), report.count(standing));
    json.key("checks").array();
    for (const auto& one : report.findings)
        json.object()
            .field("name", one.name)
            .field("result", word_of(one.standing))
            .field("found", one_line(one.found))
            .field("fix", one_line(one.fix))
            .end();
    return json.end().end().take();
}

Report report_from(std::string_view json) {
    const auto parsed = parse_json(json);
    if (!parsed || !parsed->is_object()) throw std::runtime_error("the answer is no report");
    const auto& object = parsed->get_object();
    Report report;
    report.at = parse_rfc3339(text_of(object, "at")).value_or(Time{});
    if (const auto* seconds = object.if_contains("seconds"))
        report.seconds = seconds->is_number() ? seconds->to_number<double>() : 0;
    const auto* checks = object.if_contains("checks");
    if (!checks || !checks->is_array()) throw std::runtime_error("the report has no checks");
    for (const auto& one : checks->get_array()) {
        if (!one.is_object()) throw std::runtime_error("the report has a check that is none");
        const auto& check = one.get_object();
        report.findings.push_back({text_of(check, "name"), standing_of(text_of(check, "result")),
                                   text_of(check, "found"), text_of(check, "fix")});
    }
    return report;
}

}  // namespace bb::watch
