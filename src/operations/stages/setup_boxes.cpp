#include <fmt/format.h>
#include <netdb.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <memory>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "base/core/json_reader.hpp"
#include "operations/safety/running_tool.hpp"
#include "operations/stages/aws_permissions.hpp"
#include "operations/stages/boxes.hpp"
#include "operations/stages/host.hpp"
#include "operations/stages/hosts.hpp"
#include "operations/verify/outside.hpp"

namespace bb::stages {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds longest_tool{60};
constexpr std::chrono::hours longest_record_age{24 * 30};
constexpr const char* regions[] = {primary_region, "us-west-2"};
constexpr const char* pipeline_secrets[] = {"RELEASE_KEY", "DEPLOY_SSH_KEY", "DEPLOY_KNOWN_HOSTS"};
constexpr const char* workflows[] = {"test.yml", "deploy.yml", "dependency-update.yml", "security-scan.yml"};

}  // namespace

std::string tool(std::vector<std::string> command) {
    const auto name = command.front();
    if (!name.starts_with('/')) command.insert(command.begin(), "/usr/bin/env");
    std::vector<std::string> environment;
    for (char** one = environ; *one; ++one) environment.emplace_back(*one);
    const auto deadline = steady_clock::now() + longest_tool;
    auto text = safety::output_of(
        command, environment,
        [&]() {
            if (steady_clock::now() > deadline) throw std::runtime_error(name + " gives no answer");
        },
        std::filesystem::current_path());
    const auto from = text.find_first_not_of(" \t\n"), to = text.find_last_not_of(" \t\n");
    return from == std::string::npos ? std::string() : text.substr(from, to + 1 - from);
}

namespace {

/// "1.11.2" in a text; its numbers.
std::vector<int> numbers_of(const std::string& text) {
    static const std::regex form("([0-9]+)(?:\\.([0-9]+))?(?:\\.([0-9]+))?");
    std::vector<int> numbers;
    std::smatch found;
    if (std::regex_search(text, found, form))
        for (std::size_t i = 1; i < found.size(); ++i)
            numbers.push_back(found[i].matched ? std::stoi(found[i].str()) : 0);
    return numbers;
}

/// The first line, which must hold `least` or a later version.
std::string version_of(const std::vector<std::string>& command, const std::string& least) {
    const auto text = tool(command);
    const auto line = text.substr(0, text.find('\n'));
    if (numbers_of(text) < numbers_of(least))
        throw std::runtime_error(fmt::format("{}: at least {} is asked for", line, least));
    return line;
}

/// As deploy/aws of this clone asks for.
std::string terraform() {
    static const std::regex form("required_version *= *\">= *([0-9.]+)\"");
    constexpr const char* file = "deploy/aws/versions.tf";
    std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    const auto words = text.str();
    std::smatch found;
    if (!std::regex_search(words, found, form))
        throw std::runtime_error(fmt::format("{} here names no least version", file));
    return version_of({"terraform", "version"}, found[1].str());
}

/// The output holds every name as a word of its own.
template <class Names>
std::string all_of(const std::string& text, const Names& names, const char* what) {
    std::string missing, there;
    std::string words = text;
    std::replace_if(
        words.begin(), words.end(), [](char c) { return c == '\t' || c == '\n' || c == '/' || c == ','; },
        ' ');
    for (const auto* name : names) {
        auto& list =
            (" " + words + " ").find(" " + std::string(name) + " ") == std::string::npos ? missing : there;
        list += (list.empty() ? "" : ", ") + std::string(name);
    }
    if (!missing.empty()) throw std::runtime_error(fmt::format("{} lacks {}", what, missing));
    return there;
}

std::string aws_regions() {
    const auto text = tool({"aws", "ec2", "describe-regions", "--region-names", regions[0], regions[1],
                            "--query", "Regions[].RegionName", "--output", "text"});
    return all_of(text, regions, "the account");
}

const std::string& domain_of(const Evidence& evidence) {
    if (evidence.stage.domain.empty())
        throw std::runtime_error(
            fmt::format("{} names no domain of {}", stage_file_name, evidence.stage.name));
    return evidence.stage.domain;
}

std::string domain(const Evidence& evidence) {
    addrinfo* found = nullptr;
    const auto& name = domain_of(evidence);
    if (const int why = ::getaddrinfo(name.c_str(), nullptr, nullptr, &found); why != 0)
        throw std::runtime_error(fmt::format("{}: {}", name, gai_strerror(why)));
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(found, freeaddrinfo);
    char address[NI_MAXHOST] = {};
    ::getnameinfo(all->ai_addr, all->ai_addrlen, address, sizeof address, nullptr, 0, NI_NUMERICHOST);
    return fmt::format("{} is at {}", name, address);
}

/// What "dns list" finds with CLOUDFLARE_API_TOKEN.
boost::json::array records() {
    const auto listed = parse_json(tool({"/proc/self/exe", "dns", "list", "--json"}));
    if (!listed || !listed->is_object()) throw std::runtime_error("\"dns list\" cannot be read");
    return listed->at("records").as_array();
}

std::string dns_record(const Evidence& evidence) {
    const auto& name = domain_of(evidence);
    for (const auto& one : records())
        if (one.at("name").as_string() == name)
            return fmt::format("{} {} {}", name, one.at("type").as_string().c_str(),
                               one.at("content").as_string().c_str());
    throw std::runtime_error(name + " has no record there");
}

std::string certificate(const Evidence& evidence) {
    domain_of(evidence);
    const auto days = verify::certificate_days({evidence.stage.url(), {}, {}});
    if (days < verify::least_certificate_days)
        throw std::runtime_error(fmt::format("it ends in {} days", days));
    return fmt::format("{} more days", days);
}

/// Every host of the stage has these, in its environment or among its secrets.
std::string kept_by_all(const Evidence& evidence, std::vector<std::string> names) {
    auto stage = evidence.stage;
    stage.secrets = std::move(names);
    std::string missing;
    for (const auto& host : hosts_of(evidence)) {
        const auto fault = missing_secrets(stage, host);
        if (!fault.empty()) missing += (missing.empty() ? "" : "; ") + fault;
    }
    if (!missing.empty()) throw std::runtime_error(missing);
    return fmt::format("{} on {} hosts", fmt::join(stage.secrets, ", "), stage.hosts.size());
}

/// The newest look at the stage found this well on every host.
std::string found_well(const Evidence& evidence, const std::string& probe) {
    const auto& hosts = hosts_of(evidence);
    const auto report = newest_report(evidence, {});
    std::string answer;
    for (const auto& host : hosts) {
        const auto name = host + ": " + probe;
        const auto one =
            std::find_if(report.begin(), report.end(), [&](const auto& p) { return p.name == name; });
        if (one == report.end()) throw std::runtime_error(name + ": not looked at");
        if (one->result != "passed") throw std::runtime_error(name + ": " + one->answer);
        answer = one->answer;
    }
    return fmt::format("\"{}\" passed on {} hosts: {}", probe, evidence.stage.hosts.size(), answer);
}

std::string database(const Evidence& evidence) {
    std::string told;
    for (const auto& host : hosts_of(evidence)) {
        Host(evidence.stage, host).brainbytes({"db", "status"}, {});
        told += (told.empty() ? "" : ", ") + host;
    }
    return told + ": it answers, with its migrations";
}

std::string protection() {
    const auto text = tool({"gh", "api", "repos/{owner}/{repo}/branches/main/protection", "--jq",
                            "[.required_pull_request_reviews.required_approving_review_count // 0, "
                            "((.required_status_checks.contexts // []) | join(\",\"))] | @tsv"});
    const auto tab = text.find('\t');
    if (tab == std::string::npos || text.starts_with("0"))
        throw std::runtime_error("main can be changed without a review");
    all_of(text.substr(tab + 1), std::initializer_list<const char*>{"test"}, "what main asks for");
    return fmt::format("{} reviews, and {}", text.substr(0, tab), text.substr(tab + 1));
}

std::string hook() {
    const auto file = tool({"git", "rev-parse", "--git-path", "hooks/pre-commit"});
    if (::access(file.c_str(), X_OK) != 0) throw std::runtime_error(file + " is not there: make hooks");
    return file;
}

/// Without what it is asked about.
std::function<std::string(const Evidence&)> plain(std::function<std::string()> look) {
    return [look = std::move(look)](const Evidence&) {
        return look();
    };
}

std::function<std::string(const Evidence&)> of_stage(std::string (*look)(const std::string&)) {
    return [look](const Evidence& evidence) {
        return look(evidence.stage.name);
    };
}

std::function<std::string(const Evidence&)> of_record(const char* name, const char* how) {
    return [=](const Evidence& evidence) {
        return recorded(evidence, name, how, false, longest_record_age);
    };
}

std::function<std::string(const Evidence&)> of_version(std::vector<std::string> command, const char* least) {
    return plain([command = std::move(command), least]() { return version_of(command, least); });
}

std::vector<BoxKind> places() {
    return {
        {"aws-account", "AWS account with appropriate permissions", of_stage(aws_permissions)},
        {"aws-cli", "AWS CLI configured with deployment credentials", plain(aws_identity)},
        {"aws-roles", "IAM roles and policies configured", of_stage(aws_release_role)},
        {"aws-regions", "AWS regions selected (primary: us-east-1, secondary: us-west-2)",
         plain(aws_regions)},
        {"domain", "Domain registered and configured", domain},
        {"cloudflare", "Cloudflare account setup",
         plain([]() { return fmt::format("the token reads {} records", records().size()); })},
        {"dns", "DNS records configured", dns_record},
        {"certificates", "SSL certificates provisioned", certificate},
        {"database", "PostgreSQL database provisioned", database},
        {"openai", "OpenAI API key obtained",
         [](const Evidence& e) {
             const auto kept = kept_by_all(e, {"OPENAI_API_KEY"});
             return kept + "; " + found_well(e, "chat");
         }},
        {"github-oauth", "GitHub OAuth application configured",
         [](const Evidence& e) {
             return found_well(e, "sign-in: GitHub");
         }},
        {"monitoring", "Monitoring services setup",
         [](const Evidence& e) {
             const auto kept = kept_by_all(e, {"METRICS_TOKEN"});
             return kept + "; " + found_well(e, "metrics");
         }},
        {"environment", "Required environment variables",
         [](const Evidence& e) {
             if (e.stage.secrets.empty())
                 throw std::runtime_error(
                     fmt::format("{} names no secrets of {}", stage_file_name, e.stage.name));
             return kept_by_all(e, e.stage.secrets);
         }},
    };
}

std::vector<BoxKind> tools() {
    return {
        {"node", "Node.js >= 18", of_version({"node", "--version"}, "18")},
        {"npm", "bun >= 1.0.0 (npm, which the scripts here use, in its place)",
         of_version({"npm", "--version"}, "8")},
        {"terraform", "sst >= 3.0.0 (terraform, which deploy/aws is for, in its place)", plain(terraform)},
        {"aws", "aws", of_version({"aws", "--version"}, "2")},
        {"git", "git", of_version({"git", "--version"}, "2")},
        {"docker", "docker", of_version({"docker", "--version"}, "20")},
        {"repository", "GitHub repository created", plain([]() {
             return tool({"gh", "repo", "view", "--json", "url", "--jq", ".url"});
         })},
        {"protection", "Branch protection rules configured", plain(protection)},
        {"workflows", "GitHub Actions workflows configured", plain([]() {
             return all_of(tool({"gh", "workflow", "list", "--json", "path", "--jq", ".[].path"}), workflows,
                           "the repository");
         })},
        {"secrets", "Secrets configured in GitHub repository",
         [](const Evidence& e) {
             return all_of(
                 tool({"gh", "secret", "list", "--env", e.stage.name, "--json", "name", "--jq", ".[].name"}),
                 pipeline_secrets, "the environment");
         }},
        {"eslint", "ESLint configuration", of_record("lint", "make lint")},
        {"prettier", "Prettier formatting", of_record("lint", "make lint")},
        {"typescript", "TypeScript strict mode", of_record("lint", "make lint")},
        {"hooks", "Pre-commit hooks", plain(hook)},
        {"coverage", "Test coverage requirements", of_record("coverage", "make coverage")},
    };
}

}  // namespace

std::vector<BoxKind> boxes_of_setup() {
    auto boxes = places();
    auto more = tools();
    std::move(more.begin(), more.end(), std::back_inserter(boxes));
    return boxes;
}

}  // namespace bb::stages
