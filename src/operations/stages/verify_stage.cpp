#include "operations/stages/verify_stage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "operations/stages/host.hpp"
#include "operations/stages/rollout.hpp"
#include "operations/verify/browser.hpp"
#include "operations/verify/outside.hpp"

namespace bb::stages {
namespace {

constexpr std::chrono::minutes longest_look{10};
constexpr std::array<std::string_view, 6> around = {"alarms armed",         "backup", "e-mail",
                                                    "sign-in: mail server", "DNS",    "TLS"};

void look_at_host(verify::Report& report, const Stage& stage, const std::string& name) {
    report.look(name + ": reached", [&]() {
        std::vector<std::string> words = {"verify", "--json"};
        if (!stage.mail_as.empty()) words.insert(words.end(), {"--mail-as", stage.mail_as});
        const auto text =
            Host(stage, name).brainbytes(std::move(words), {.limit = longest_look, .may_fail = true});
        const auto probes = verify::probes_of(text);
        if (probes.empty()) throw std::runtime_error("it gives no report");
        for (const auto& probe : probes) report.add(name + ": ", probe);
        return fmt::format("{} probes", probes.size());
    });
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

void verify_stage(verify::Report& report, const Stage& stage) {
    std::string release;
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
    if (stage.domain.empty()) return;
    const verify::Outside domain{stage.url(), release == "program" ? std::string() : release, {}};
    if (verify::look_from_outside(report, domain)) verify::look_with_browser(report, stage.url());
}

}  // namespace bb::stages
