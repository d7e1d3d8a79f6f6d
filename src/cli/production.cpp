#include "cli/production.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <stdexcept>

#include "operations/deploy/control.hpp"
#include "operations/deploy/ledger.hpp"

namespace bb::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* production = "production";

/// Throws std::runtime_error when it is no BOX=REASON.
std::string box_of(const std::string& waiver) {
    const auto equals = waiver.find('=');
    if (equals == std::string::npos || equals + 1 == waiver.size())
        throw std::runtime_error("--waive wants BOX=REASON.");
    return waiver.substr(0, equals);
}

void note_waiver(const deploy::Ledger& ledger, const std::string& release, const std::string& waiver) {
    ledger.add({.release = release, .step = "waive", .result = "done", .detail = waiver});
}

void keep_waivers(const DeployWords& words, const stages::Evidence& evidence, const deploy::Ledger& ledger) {
    for (const auto& one : words.waive) {
        const auto box = box_of(one);
        const auto kept =
            evidence.words.add({box, evidence.release, "waived", {}, one.substr(box.size() + 1)});
        if (!kept)
            throw std::runtime_error(fmt::format("\"{}\" {}", one, kept.error().fields.front().detail));
        note_waiver(ledger, evidence.release, one);
    }
}

bool is_named(const Waived& waivers, const std::string& box) {
    return std::any_of(waivers.begin(), waivers.end(), [&](const auto& one) { return box_of(one) == box; });
}

int hold_back(Context& context, const Waived& unmet, const char* more) {
    return context.fail(fmt::format(
        "Production is left as it is: what is unmet ({}) has to be done, or waived by its name and "
        "a reason (--waive BOX=REASON).{}",
        fmt::join(unmet, ", "), more));
}

std::optional<Waived> pass(Context& context, const DeployWords& words, const stages::Evidence& evidence,
                           const deploy::Ledger& ledger, const char* more) {
    keep_waivers(words, evidence, ledger);
    Waived waived = words.waive, unmet;
    for (const auto& box : stages::check_boxes(stages::Phase::before, evidence)) {
        context.err << fmt::format("{}: {} ({})\n", box.result, box.words, box.answer);
        if (box.result == "unmet") unmet.push_back(box.name);
        // One of before: this deployment rests on it as on those of now.
        if (box.result == "waived" && !is_named(words.waive, box.name))
            waived.push_back(box.name + "=" + box.answer);
    }
    if (!unmet.empty()) {
        hold_back(context, unmet, more);
        return std::nullopt;
    }
    for (auto one = waived.begin() + static_cast<std::ptrdiff_t>(words.waive.size()); one != waived.end();
         ++one)
        note_waiver(ledger, evidence.release, *one);
    return waived;
}

void print(Context& context, const DeployWords& words, const stages::Evidence& evidence) {
    Waived unmet;
    for (const auto& box : stages::check_boxes(stages::Phase::before, evidence)) {
        const bool now = box.result == "unmet" && is_named(words.waive, box.name);
        if (box.result == "unmet" && !now) unmet.push_back(box.name);
        context.out << fmt::format("box\t{}\t{}\t{}\n", box.name, now ? "would be waived" : box.result,
                                   box.answer);
    }
    if (!unmet.empty())
        context.out << fmt::format("blocked\tby {}: to be done, or waived (--waive BOX=REASON)\n",
                                   fmt::join(unmet, ", "));
}

/// What the supervisor runs as counts, whatever the shell of who deploys says.
bool is_production(const Context& context, const deploy::Control& control) {
    const auto around = deploy::surroundings_of(control);
    const auto& all = around.environment;
    return context.config.text("BRAINBYTES_STAGE") == production ||
           std::find(all.begin(), all.end(), std::string("BRAINBYTES_STAGE=") + production) != all.end();
}

}  // namespace

stages::Words words_of(const Context& context, const std::string& stage) {
    auto file = fs::path(stage_ledger(context, stage));
    return stages::Words(file.replace_extension(".checks.jsonl"));
}

stages::Evidence evidence_of(const Context& context, const stages::Stage& stage, const std::string& release) {
    return {stage,
            release,
            fs::current_path() / "build" / "evidence",
            stage_ledger(context, stage.name),
            fs::path(context.config.text("BRAINBYTES_DATA")) / "verifications",
            words_of(context, stage.name)};
}

std::optional<Waived> may_go_to_production(Context& context, const DeployWords& words,
                                           const stages::Stage& stage, const std::string& release) {
    return pass(context, words, evidence_of(context, stage, release),
                deploy::Ledger(stage_ledger(context, stage.name)),
                " \"brainbytes checklist pre --stage production\" lists the boxes.");
}

std::optional<Waived> may_serve_here(Context& context, const DeployWords& words,
                                     const release::KeptRelease& release) {
    const fs::path data = context.config.text("BRAINBYTES_DATA");
    const deploy::Control control(data);
    if (words.by_deployment || !is_production(context, control)) return words.waive;
    const stages::Stage stage{.name = production};
    auto evidence = evidence_of(context, stage, release.about.name());
    evidence.here = std::string(control.ask("status").at("kept").as_string());
    if (!release.folder.empty()) evidence.program = fs::absolute(release.folder / "brainbytes");
    if (words.dry_run) {
        print(context, words, evidence);
        return words.waive;
    }
    return pass(context, words, evidence, deploy::Ledger(data / "releases" / "ledger.jsonl"),
                " A deployment with --stage from a clone finds the evidence there.");
}

void print_boxes(Context& context, const DeployWords& words, const stages::Stage& stage,
                 const std::string& release) {
    print(context, words, evidence_of(context, stage, release));
}

}  // namespace bb::cli
