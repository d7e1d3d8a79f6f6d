#include "operations/stages/verify_stage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <regex>
#include <stdexcept>
#include <string_view>

#include "operations/stages/aws_service.hpp"
#include "operations/stages/host.hpp"
#include "operations/stages/rollout.hpp"
#include "operations/verify/browser.hpp"
#include "operations/verify/outside.hpp"

namespace bb::stages {
namespace {

constexpr std::chrono::minutes longest_look{10};
constexpr std::array<std::string_view, 6> around = {"alarms armed",         "backup", "e-mail",
                                                    "sign-in: mail server", "DNS",    "TLS"};

std::vector<std::string> words_to_look(const Stage& stage) {
    std::vector<std::string> words = {"verify", "--json"};
    if (!stage.mail_as.empty()) words.insert(words.end(), {"--mail-as", stage.mail_as});
    return words;
}

/// What another look has found, under the name of where it was.
std::string take_over(verify::Report& report, const std::string& name, const std::string& json) {
    const auto probes = verify::probes_of(json);
    if (probes.empty()) throw std::runtime_error("it gives no report");
    for (const auto& probe : probes) report.add(name + ": ", probe);
    return fmt::format("{} probes", probes.size());
}

void look_at_host(verify::Report& report, const Stage& stage, const std::string& name) {
    report.look(name + ": reached", [&]() {
        return take_over(
            report, name,
            Host(stage, name).brainbytes(words_to_look(stage), {.limit = longest_look, .may_fail = true}));
    });
}

/// The tag of an image that names its commit, as the pipeline gives it.
bool names_commit(const std::string& tag) {
    static const std::regex form(".+-[0-9a-f]{12}");
    return std::regex_match(tag, form);
}

/// By a task of its own, as nobody gets into one that serves: it asks the domain, and database and backups
/// itself.
std::string look_on_aws(verify::Report& report, const Stage& stage) {
    const AwsService service(stage);
    AwsService::Serving serving;
    report.look("service", [&]() {
        serving = service.serving();
        return serving.definition;
    });
    if (serving.definition.empty() || stage.domain.empty()) return {};
    report.look("task: reached", [&]() {
        auto words = words_to_look(stage);
        words.insert(words.end(), {"--elsewhere", "--url", stage.url()});
        return take_over(report, "task",
                         boost::json::serialize(service.ask(serving.definition, words, "probes")));
    });
    return names_commit(serving.release) ? serving.release : std::string();
}

void look_at_domain(verify::Report& report, const Stage& stage, const verify::Outside& domain) {
    if (verify::look_from_outside(report, domain))
        verify::look_with_browser(report, stage.url(), !domain.ca_file.empty());
}

bool is_around(std::string_view name) {
    return std::any_of(around.begin(), around.end(), [&](std::string_view one) {
        return name == one || name.ends_with(": " + std::string(one));
    });
}

}  // namespace

std::string faults_of_release(const verify::Report& report) {
    std::string text;
    for (const auto& probe : report.probes())
        if (probe.result == "failed" && !is_around(probe.name))
            text += (text.empty() ? "" : "; ") + probe.name + ": " + probe.answer;
    return text;
}

void verify_stage(verify::Report& report, const Stage& stage, const std::string& ca_file) {
    std::string release;
    if (stage.on_aws) {
        release = look_on_aws(report, stage);
    } else {
        report.look("same release", [&]() {
            for (const auto& one : look_at(stage)) {
                if (!one.fault.empty()) throw std::runtime_error(one.fault);
                if (!release.empty() && one.kept != release)
                    throw std::runtime_error(
                        fmt::format("{} has {}, others have {}", one.host, one.kept, release));
                release = one.kept;
            }
            return fmt::format("{} on {} hosts", release, stage.hosts.size());
        });
        for (const auto& host : stage.hosts) look_at_host(report, stage, host);
    }
    if (stage.domain.empty()) return;
    look_at_domain(report, stage, {stage.url(), release == "program" ? std::string() : release, ca_file});
}

}  // namespace bb::stages
