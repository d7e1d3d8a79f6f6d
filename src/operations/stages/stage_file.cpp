#include "operations/stages/stage_file.hpp"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "base/config/config.hpp"
#include "base/core/number.hpp"

namespace bb::stages {
namespace {

constexpr std::size_t longest_file = 1 << 20;
constexpr std::size_t most_hosts = 100;
constexpr std::size_t longest_command = 2000;
constexpr std::chrono::seconds bake_on_aws{300};  // what is measured there is told some minutes late

/// A host that starts with "-" would be an option of ssh; white space would be further words of a shell.
const std::regex& host_form() {
    static const std::regex form(
        "([A-Za-z0-9_][A-Za-z0-9_.-]{0,31}@)?[A-Za-z0-9\\[:][A-Za-z0-9.:%\\]_-]{0,252}");
    return form;
}

/// Reads the table of a stage, key by key, and notes every fault with its line.
class StageReader {
public:
    StageReader(std::string file, std::vector<FieldError>& faults)
        : file_(std::move(file)), faults_(faults) {}

    Stage read(const std::string& name, const toml::table& table) {
        stage_.name = name;
        for (const auto& [key, value] : table) take(std::string(key.str()), key, value);
        if (stage_.batch > static_cast<int>(std::max<std::size_t>(stage_.hosts.size(), 1)))
            blame(table["batch"].node() ? table["batch"].node()->source() : table.source(), "batch",
                  fmt::format("is more than the {} hosts of the stage", stage_.hosts.size()));
        if (stage_.on_aws && !stage_.hosts.empty())
            blame(table["hosts"].node()->source(), "hosts", "are not on AWS: leave them out, or \"target\"");
        if (stage_.on_aws && !table.contains("bake")) stage_.bake = bake_on_aws;
        return stage_;
    }

    void blame(const toml::source_region& where, const std::string& what, const std::string& why) {
        faults_.push_back(
            {fmt::format("{}:{}", file_, where.begin.line), fmt::format("\"{}\" {}", what, why)});
    }

private:
    void take(const std::string& name, const toml::key& key, const toml::node& value) {
        using Take = void (StageReader::*)(const std::string&, const toml::node&);
        static const std::map<std::string, Take> keys = {
            {"domain", &StageReader::domain},    {"target", &StageReader::target},
            {"mail_as", &StageReader::mailbox},  {"hosts", &StageReader::hosts},
            {"ssh_config", &StageReader::paths}, {"program", &StageReader::paths},
            {"data", &StageReader::paths},       {"environment", &StageReader::environment},
            {"secrets", &StageReader::secrets},  {"batch", &StageReader::numbers},
            {"drain", &StageReader::numbers},    {"bake", &StageReader::numbers},
            {"keep", &StageReader::numbers},     {"thresholds", &StageReader::thresholds},
            {"hooks", &StageReader::hooks},
        };
        const auto found = keys.find(name);
        if (found != keys.end()) return (this->*found->second)(name, value);
        std::string known;
        for (const auto& [one, ignored] : keys) known += (known.empty() ? "" : ", ") + one;
        blame(key.source(), name, "is no key of a stage; these are: " + known);
    }

    std::string text(const std::string& name, const toml::node& value) {
        if (const auto* text = value.as_string()) return text->get();
        blame(value.source(), name, "must be a text in quotes");
        return {};
    }

    std::vector<std::string> texts(const std::string& name, const toml::node& value) {
        std::vector<std::string> list;
        const auto* array = value.as_array();
        if (!array) blame(value.source(), name, "must be a list of texts");
        if (array)
            for (const auto& one : *array) list.push_back(text(name, one));
        return list;
    }

    template <class T>
    void number(const std::string& name, const toml::node& value, T least, T greatest, T& into) {
        const auto given = value.value<T>();
        if (given && *given >= least && *given <= greatest)
            into = *given;
        else
            blame(value.source(), name, fmt::format("must be a number from {} to {}", least, greatest));
    }

    void domain(const std::string& name, const toml::node& value) {
        static const std::regex form("[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?");
        stage_.domain = text(name, value);
        if (value.is_string() && !std::regex_match(stage_.domain, form))
            blame(value.source(), name, "must be a name like \"tutor.example.org\", without https://");
    }

    void target(const std::string& name, const toml::node& value) {
        const auto given = text(name, value);
        stage_.on_aws = given == "aws";
        if (value.is_string() && given != "aws" && given != "hosts")
            blame(value.source(), name, "must be \"hosts\" or \"aws\"");
    }

    void mailbox(const std::string& name, const toml::node& value) {
        stage_.mail_as = text(name, value);
        if (value.is_string() &&
            (stage_.mail_as.find('@') == std::string::npos || stage_.mail_as.front() == '-'))
            blame(value.source(), name, "must be the address of an administrator");
    }

    void hosts(const std::string& name, const toml::node& value) {
        stage_.hosts = texts(name, value);
        std::set<std::string> seen;
        for (const auto& host : stage_.hosts) {
            if (!std::regex_match(host, host_form()))
                blame(value.source(), name,
                      fmt::format("has \"{}\", which is no HOST or ACCOUNT@HOST of ssh", host));
            if (!seen.insert(host).second)
                blame(value.source(), name, fmt::format("names \"{}\" twice", host));
        }
        if (stage_.hosts.size() > most_hosts)
            blame(value.source(), name, fmt::format("may have {} hosts", most_hosts));
    }

    void paths(const std::string& name, const toml::node& value) {
        auto path = text(name, value);
        if (value.is_string() && name != "ssh_config" && (!path.starts_with('/') || path == "/"))
            blame(value.source(), name, "must be an absolute path, and not /");
        (name == "program" ? stage_.program
         : name == "data"  ? stage_.data
                           : stage_.ssh_config) = std::move(path);
    }

    void environment(const std::string& name, const toml::node& value) {
        const auto* table = value.as_table();
        if (!table) return blame(value.source(), name, "must be a table of options");
        for (const auto& [key, one] : *table) {
            const std::string option_name(key.str());
            const auto* option = config::find_option(option_name);
            const auto given = text(option_name, one);
            if (!option)
                blame(key.source(), option_name, "is no option (\"brainbytes config example\" lists them)");
            else if (option->kind == config::Kind::secret)
                blame(key.source(), option_name,
                      "is a secret: name it in \"secrets\", and give it to the host by \"brainbytes secret "
                      "set\"");
            else if (given.find_first_of("\n\r'") != std::string::npos)
                blame(one.source(), option_name, "must be one line without '");
            else if (const auto fault = config::fault_of(*option, given))
                blame(one.source(), option_name, *fault);
            stage_.environment[option_name] = given;
        }
    }

    void secrets(const std::string& name, const toml::node& value) {
        stage_.secrets = texts(name, value);
        for (const auto& one : stage_.secrets) {
            const auto* option = config::find_option(one);
            if (value.is_array() && (!option || option->kind != config::Kind::secret))
                blame(value.source(), name, fmt::format("has \"{}\", which is no secret option", one));
        }
    }

    void numbers(const std::string& name, const toml::node& value) {
        std::int64_t given = 0;
        const std::int64_t least = name == "batch" || name == "keep" ? 1 : 0;
        number<std::int64_t>(name, value, least, name == "batch" || name == "keep" ? 100 : 86'400, given);
        if (name == "batch") stage_.batch = static_cast<int>(given);
        if (name == "keep") stage_.keep = static_cast<std::size_t>(given);
        if (name == "drain") stage_.drain = std::chrono::seconds(given);
        if (name == "bake") stage_.bake = std::chrono::seconds(given);
    }

    void thresholds(const std::string& name, const toml::node& value) {
        const auto* table = value.as_table();
        if (!table) return blame(value.source(), name, "must be a table");
        const std::map<std::string, std::pair<double*, double>> keys = {
            {"failed_share", {&stage_.limits.failed_share, 1}},
            {"refused_share", {&stage_.limits.refused_share, 1}},
            {"slower_by", {&stage_.limits.slower_by, 3600}},
            {"least_requests", {&stage_.limits.least_requests, 1e9}},
            {"least_timed", {&stage_.limits.least_timed, 1e9}},
        };
        for (const auto& [key, one] : *table) {
            const auto found = keys.find(std::string(key.str()));
            if (found == keys.end())
                blame(key.source(), std::string(key.str()),
                      "is no threshold; these are: failed_share, refused_share, slower_by, least_requests, "
                      "least_timed");
            else
                number<double>(found->first, one, 0.0, found->second.second, *found->second.first);
        }
    }

    void hooks(const std::string& name, const toml::node& value) {
        const auto* table = value.as_table();
        if (!table) return blame(value.source(), name, "must be a table of commands");
        auto known = deploy::hook_names_of(deploy::steps_of_stage());
        const auto more = deploy::hook_names_of(deploy::steps_of_host());
        known.insert(known.end(), more.begin(), more.end());
        for (const auto& [key, one] : *table) {
            const std::string hook(key.str());
            auto command = text(hook, one);
            if (std::find(known.begin(), known.end(), hook) == known.end())
                blame(key.source(), hook, fmt::format("is no hook; these are: {}", fmt::join(known, ", ")));
            else if (command.empty() || command.size() > longest_command)
                blame(one.source(), hook, "must be a command of 1 to 2000 characters");
            stage_.hooks[hook] = std::move(command);
        }
    }

    std::string file_;
    std::vector<FieldError>& faults_;
    Stage stage_;
};

void read_all(const toml::table& root, const std::string& file, std::vector<FieldError>& faults,
              std::map<std::string, Stage>& stages) {
    static const std::set<std::string> names = {"dev", "staging", "production"};
    // Read where incidents are: see operations/watch.
    static const std::set<std::string> of_contacts = {"contacts", "rotas", "escalation"};
    StageReader outside(file, faults);
    toml::table contacts;
    for (const auto& [key, value] : root) {
        if (of_contacts.contains(std::string(key.str()))) {
            contacts.insert(key, value);
            continue;
        }
        if (key.str() != "stages") {
            outside.blame(key.source(), std::string(key.str()), "is unknown; write [stages.production]");
            continue;
        }
        if (!value.is_table()) {
            outside.blame(value.source(), "stages", "must be a table: write [stages.production]");
            continue;
        }
        for (const auto& [name, stage] : *value.as_table()) {
            const std::string text(name.str());
            if (!names.contains(text))
                outside.blame(name.source(), text, "is no stage; these are: dev, staging, production");
            else if (!stage.is_table())
                outside.blame(stage.source(), text, "must be a table: write [stages." + text + "]");
            else
                stages[text] = StageReader(file, faults).read(text, *stage.as_table());
        }
    }
    if (contacts.empty()) return;
    std::ostringstream text;
    text << contacts << '\n';
    // Who tries something out on another stage wakes nobody.
    if (const auto production = stages.find("production"); production != stages.end())
        production->second.contacts = text.str();
}

}  // namespace

std::string Stage::url() const {
    return domain.empty() ? std::string() : "https://" + domain;
}

Result<std::map<std::string, Stage>> parse_stages(std::string_view text, const std::string& file) {
    std::map<std::string, Stage> stages;
    std::vector<FieldError> faults;
    try {
        read_all(toml::parse(text, file), file, faults, stages);
    } catch (const toml::parse_error& fault) {
        return Error(
            ErrorCode::malformed, file + " is no TOML.",
            {{fmt::format("{}:{}", file, fault.source().begin.line), std::string(fault.description())}});
    }
    if (faults.empty()) return stages;
    // TOML's tables are sorted by name; who mends the file goes from top to bottom.
    const auto line = [&](const FieldError& fault) {
        return parse_number(std::string_view(fault.pointer).substr(file.size() + 1)).value_or(0);
    };
    std::stable_sort(faults.begin(), faults.end(),
                     [&](const auto& a, const auto& b) { return line(a) < line(b); });
    return Error(ErrorCode::invalid_input, file + " is not right:", std::move(faults));
}

Result<std::map<std::string, Stage>> read_stages(const std::filesystem::path& folder) {
    const auto path = folder / stage_file_name;
    std::ifstream file(path, std::ios::binary);
    if (!file) return Error(ErrorCode::not_found, fmt::format("There is no {} here.", stage_file_name));
    std::string text(longest_file + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > longest_file)
        return Error(ErrorCode::too_large, fmt::format("{} is longer than 1 MB.", stage_file_name));
    return parse_stages(text, stage_file_name);
}

}  // namespace bb::stages
