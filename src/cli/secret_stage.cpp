#include "cli/secret_stage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "operations/stages/host.hpp"

namespace bb::cli {
namespace {

constexpr std::chrono::minutes longest_secret_work{30};  // a rotation seals everything anew

/// Whether a host works on a database that others may share; else it has a private one.
bool shares_database(const stages::Stage& stage, const std::string& host) {
    const auto shown = parse_json(stages::Host(stage, host).brainbytes({"config", "show", "--json"}, {}));
    if (!shown || !shown->is_object()) throw std::runtime_error(host + ": \"config show\" cannot be read");
    const auto& options = shown->at("options").as_array();
    return std::any_of(options.begin(), options.end(), [](const auto& one) {
        return one.at("name").as_string() == "DATABASE_URL" && one.at("set").as_bool();
    });
}

/// One host for each database.
std::vector<std::string> hosts_with_secrets(const stages::Stage& stage) {
    std::vector<std::string> hosts;
    bool shared = false;
    for (const auto& host : stage.hosts)
        if (!shares_database(stage, host))
            hosts.push_back(host);
        else if (!std::exchange(shared, true))
            hosts.push_back(host);
    return hosts;
}

std::string on_host(Context& context, const stages::Stage& stage, const std::string& host,
                    const std::vector<std::string>& typed, const std::string& input) {
    const stages::Host::How how{
        .limit = longest_secret_work, .input_text = input, .say = [&](std::string_view line) {
            context.err << host << '\t' << line << std::endl;
        }};
    return stages::Host(stage, host).brainbytes(typed, how);
}

/// Each line with its host before it; of JSON one object with all hosts.
void print_answers(Context& context, const std::vector<std::pair<std::string, std::string>>& answers) {
    if (!std::all_of(answers.begin(), answers.end(),
                     [](const auto& one) { return one.second.starts_with('{'); })) {
        for (const auto& [host, text] : answers) {
            std::istringstream lines(text);
            for (std::string line; std::getline(lines, line);) context.out << host << '\t' << line << '\n';
        }
        return;
    }
    JsonWriter json;
    json.object().key("hosts").array();
    for (const auto& [host, text] : answers)
        json.object().field("host", host).key("answer").raw(text.substr(0, text.find('\n'))).end();
    context.out << json.end().end().take() << '\n';
}

}  // namespace

std::optional<int> on_databases_of_stage(Context& context, const Chosen& chosen, const std::string& input) {
    DeployWords where;
    where.stage = chosen.stage;
    if (!is_remote(where)) return std::nullopt;
    const auto stage = stage_of(chosen.stage);
    const auto hosts = hosts_with_secrets(stage);
    std::vector<std::pair<std::string, std::string>> answers;
    for (const auto& host : hosts)
        answers.emplace_back(host, on_host(context, stage, host, chosen.typed, input));
    if (answers.size() == 1)
        context.out << answers.front().second;
    else
        print_answers(context, answers);
    return done;
}

}  // namespace bb::cli
