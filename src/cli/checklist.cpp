#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include "base/core/json_writer.hpp"
#include "cli/box_notice.hpp"
#include "cli/deploy.hpp"
#include "cli/production.hpp"
#include "embedded/version.hpp"
#include "operations/deploy/ledger.hpp"
#include "operations/safety/running_tool.hpp"
#include "operations/stages/checklist.hpp"

namespace bb::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t commit_digits = 12;
/// In the place of a release: what there must be before any.
constexpr const char* of_setup = "setup";
constexpr std::string_view waived = "waived";
constexpr std::string_view signed_by_hand = "signed";

struct ChecklistWords {
    std::string stage;
    std::string release;
    std::string box, by, note;
    bool json = false;
};

/// The one that was deployed last.
std::string newest_release(const Context& context, const std::string& stage) {
    const auto entries = deploy::Ledger(stage_ledger(context, stage)).read();
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry)
        if (entry->step == "check") return entry->release;  // with which each deployment begins
    throw std::runtime_error("Nothing was deployed to this stage from here.");
}

int print(Context& context, const ChecklistWords& words, const std::string& release,
          const std::vector<stages::Box>& boxes) {
    const auto unmet =
        std::count_if(boxes.begin(), boxes.end(), [](const auto& box) { return box.result == "unmet"; });
    if (words.json) {
        JsonWriter json;
        json.object().field("stage", words.stage).field("release", release).field("met", unmet == 0);
        json.key("boxes").array();
        for (const auto& box : boxes)
            json.object()
                .field("box", box.name)
                .field("words", box.words)
                .field("result", box.result)
                .field("answer", box.answer)
                .end();
        context.out << json.end().end().take() << '\n';
    } else {
        for (const auto& box : boxes)
            context.out << fmt::format("{}\t{}\t{}\t{}\n", box.result, box.name, box.words, box.answer);
    }
    return unmet == 0 ? done : context.fail(fmt::format("{} of {} boxes are not met.", unmet, boxes.size()));
}

int check(Context& context, const ChecklistWords& words, stages::Phase phase) {
    const auto stage = stage_of(words.stage);
    auto release = words.release;
    if (release.empty() && phase == stages::Phase::setup) release = of_setup;
    if (release.empty())
        release = phase == stages::Phase::before ? release_of_head() : newest_release(context, stage.name);
    return print(context, words, release, stages::check_boxes(phase, evidence_of(context, stage, release)));
}

/// On a host there is no file with stages: it knows its own by name alone.
stages::Stage stage_from_here(const std::string& name) {
    return fs::exists(stages::stage_file_name) ? stage_of(name) : stages::Stage{.name = name};
}

int say(Context& context, const ChecklistWords& words, std::string_view kind) {
    const auto release = stages::is_of_setup(words.box) ? of_setup
                         : words.release.empty()        ? release_of_head()
                                                        : words.release;
    act_as_owner(context);
    const auto note = kind == signed_by_hand ? told_of_box(stage_from_here(words.stage), words.box, release,
                                                           words.by, words.note)
                                             : words.note;
    const auto added =
        words_of(context, words.stage).add({words.box, release, std::string(kind), words.by, note});
    if (!added) return context.fail(added.error());
    if (kind == waived)
        deploy::Ledger(stage_ledger(context, words.stage))
            .add({.release = release,
                  .step = "waive",
                  .result = "done",
                  .who = words.by + ", " + deploy::who_we_are(),
                  .detail = words.box + "=" + note});
    context.out << fmt::format("{}\t{}\t{}\t{}\n", kind, words.box, release, note);
    return done;
}

using RunChecklist = std::function<int(Context&, const ChecklistWords&)>;

CLI::App* add(CLI::App& group, Chosen& chosen, const std::shared_ptr<ChecklistWords>& words, const char* name,
              const char* help, RunChecklist run) {
    auto* command = group.add_subcommand(name, help);
    add_stage(*command, chosen);
    command->add_option("--release", words->release, "Its name; else that of this clone, or deployed last");
    command->callback([&chosen, words, run] {
        if (chosen.stage.empty()) throw CLI::RequiredError("--stage");
        words->stage = chosen.stage;
        chosen.action = [words, run](Context& context) {
            return run(context, *words);
        };
    });
    return command;
}

}  // namespace

std::string release_of_head() {
    const auto commit = safety::output_of(
        {"/usr/bin/env", "git", "rev-parse", "HEAD"}, {}, [] {}, fs::current_path());
    return fmt::format("{}-{}", embedded::version, commit.substr(0, commit_digits));
}

void register_checklist(CLI::App& app, Chosen& chosen) {
    auto* group = app.add_subcommand("checklist", "The boxes of the deployment plan, each with its evidence");
    group->require_subcommand(1);
    auto words = std::make_shared<ChecklistWords>();
    const auto phase = [&](const char* name, const char* help, stages::Phase which) {
        add(*group, chosen, words, name, help, [which](Context& context, const ChecklistWords& given) {
            return check(context, given, which);
        })->add_flag("--json", words->json, "Print JSON");
    };
    phase("setup", "Before the first deployment: accounts, names, services, tools, repository",
          stages::Phase::setup);
    phase("pre", "Before a deployment; unmet boxes keep a release from production", stages::Phase::before);
    phase("during", "Of the deployment that was made last", stages::Phase::during);
    phase("post", "After it", stages::Phase::after);
    const auto word = [&](const char* name, const char* help, std::string_view kind) {
        auto* command =
            add(*group, chosen, words, name, help,
                [kind](Context& context, const ChecklistWords& given) { return say(context, given, kind); });
        command->add_option("box", words->box, "Name of the box")->required();
        command->add_option("--by", words->by, "Who says so")->required();
        command->add_option("--note", words->note, "What was done, or why it does not count")->required();
    };
    word("sign", "Say that a box is met which only a person can judge", signed_by_hand);
    word("waive", "Say that a box does not count for a release", waived);
}

}  // namespace bb::cli
