#include "operations/stages/aws_service.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <limits>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "base/core/json_reader.hpp"
#include "operations/safety/running_tool.hpp"
#include "operations/stages/boxes.hpp"

namespace bb::stages {
namespace {

using std::chrono::steady_clock;

constexpr const char* release_script = "deploy/aws/release.mjs";
constexpr std::chrono::hours longest_step{3};       // it bounds its own waits
constexpr std::string_view own_mark = "release: ";  // before what the script says itself
constexpr double of_100 = 0.95;
constexpr std::size_t words_of_task = 1000;

std::string trimmed(const std::string& text) {
    const auto from = text.find_first_not_of(" \t\n"), to = text.find_last_not_of(" \t\n");
    return from == std::string::npos ? std::string() : text.substr(from, to + 1 - from);
}

}  // namespace

AwsService::AwsService(const Stage& stage) : stage_(stage.name) {
    if (!std::filesystem::exists(release_script))
        throw std::runtime_error(
            fmt::format("Run it in a clone of BrainBytes: there is no {} here.", release_script));
}

std::string AwsService::script(std::vector<std::string> words, bool may_fail) const {
    words.insert(words.begin(), {"/usr/bin/env", "node", release_script, stage_});
    std::vector<std::string> environment;
    for (char** one = environ; *one; ++one) environment.emplace_back(*one);
    const auto deadline = steady_clock::now() + longest_step;
    const auto watch = [&]() {
        if (steady_clock::now() > deadline) throw std::runtime_error("it does not come to an end");
    };
    try {
        return trimmed(safety::output_of(std::move(words), std::move(environment), watch,
                                         std::filesystem::current_path(), may_fail));
    } catch (const std::runtime_error& fault) {
        const std::string text = fault.what();
        const auto own = text.find(own_mark);
        if (own == std::string::npos) throw;
        throw std::runtime_error(text.substr(own + own_mark.size()));
    }
}

AwsService::Serving AwsService::serving() const {
    const auto told = script({"--running"});
    const auto tab = told.find('\t');
    return {told.substr(0, tab), tab == std::string::npos ? std::string() : told.substr(tab + 1)};
}

std::string AwsService::install(const std::string& tag) const {
    return script({"--register", tag});
}

void AwsService::change_to(const std::string& definition) const {
    script({"--revision", definition});
}

std::string AwsService::run(const std::string& definition, std::vector<std::string> words,
                            bool may_fail) const {
    words.insert(words.begin(), {"--task", definition});
    return script(std::move(words), may_fail);
}

boost::json::object AwsService::ask(const std::string& definition, std::vector<std::string> words,
                                    const char* member) const {
    const auto name = fmt::format("{}", fmt::join(words, " "));
    const auto text = run(definition, std::move(words), true);
    std::optional<boost::json::object> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (auto parsed = parse_json(line);
            parsed && parsed->is_object() && parsed->get_object().contains(member))
            found = std::move(parsed->get_object());
    if (found) return *found;
    const auto shown = text.size() > words_of_task ? text.size() - words_of_task : 0;
    throw std::runtime_error(fmt::format("\"{}\" as a task: {}", name, text.substr(shown)));
}

deploy::Traffic AwsService::traffic(Time from, Time to) const {
    const auto told = parse_json(script({"--traffic", to_rfc3339(from), to_rfc3339(to)}));
    if (!told || !told->is_object()) throw std::runtime_error("what the balancer measured cannot be read");
    const auto number = [&](const char* name) {
        return told->at(name).to_number<double>();
    };
    deploy::Traffic traffic;
    traffic.requests = number("requests");
    traffic.failed = number("failed");
    // CloudWatch gives the percentile itself: two buckets hold it.
    if (const auto p95 = number("p95"); p95 > 0)
        traffic.within = {{p95, of_100 * traffic.requests},
                          {std::numeric_limits<double>::infinity(), traffic.requests}};
    return traffic;
}

std::string aws_answer(const std::string& service, const std::string& verb, const std::string& input) {
    return tool({"aws", service, verb, "--output", "json", "--cli-input-json", input});
}

}  // namespace bb::stages
