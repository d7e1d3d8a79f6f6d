#include "operations/verify/report.hpp"

#include <algorithm>

#include "base/core/json_reader.hpp"

namespace bb::verify {

using std::chrono::steady_clock;

bool Report::look(const std::string& name, const std::function<std::string()>& work) {
    Probe probe{.name = name, .result = "passed"};
    const auto started = steady_clock::now();
    try {
        probe.answer = work();
    } catch (const NotHere& reason) {
        probe.result = "skipped";
        probe.answer = reason.what();
    } catch (const std::exception& fault) {
        probe.result = "failed";
        probe.answer = fault.what();
    }
    probe.seconds = std::chrono::duration<double>(steady_clock::now() - started).count();
    add({}, std::move(probe));
    return probes_.back().result == "passed";
}

void Report::add(const std::string& prefix, Probe probe) {
    probe.name = prefix + probe.name;
    say_(probe);
    probes_.push_back(std::move(probe));
}

bool Report::passed() const {
    return std::none_of(probes_.begin(), probes_.end(),
                        [](const auto& probe) { return probe.result == "failed"; });
}

std::string Report::faults() const {
    std::string text;
    for (const auto& probe : probes_)
        if (probe.result == "failed") text += (text.empty() ? "" : "; ") + probe.name + ": " + probe.answer;
    return text;
}

std::string Report::to_json(const std::string& target) const {
    JsonWriter json;
    json.object().field("target", target).field("at", now()).field("passed", passed()).key("probes").array();
    for (const auto& probe : probes_)
        json.object()
            .field("name", probe.name)
            .field("result", probe.result)
            .field("answer", probe.answer)
            .field("seconds", probe.seconds)
            .end();
    return json.end().end().take();
}

std::vector<Probe> probes_of(std::string_view text) {
    std::vector<Probe> found;
    const auto parsed = parse_json(text);
    const auto* list = parsed && parsed->is_object() ? parsed->get_object().if_contains("probes") : nullptr;
    if (!list || !list->is_array()) return found;
    for (const auto& one : list->get_array())
        found.push_back({std::string(one.at("name").as_string()), std::string(one.at("result").as_string()),
                         std::string(one.at("answer").as_string()), one.at("seconds").to_number<double>()});
    return found;
}

}  // namespace bb::verify
