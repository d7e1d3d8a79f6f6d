#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>

#include "base/core/json_writer.hpp"
#include "base/core/privileges.hpp"
#include "base/db/found_home.hpp"
#include "cli/deploy.hpp"
#include "cli/production.hpp"
#include "cli/stage_change.hpp"
#include "operations/release/package.hpp"
#include "operations/stages/host.hpp"
#include "operations/stages/rollout.hpp"
#include "operations/stages/verify_stage.hpp"
#include "operations/watch/contacts.hpp"

namespace bb::cli {
namespace {

namespace fs = std::filesystem;

void print_plan(Context& context, const stages::RolloutPlan& plan) {
    const auto& stage = plan.stage;
    context.out << fmt::format("{} to {} hosts of {}, {} at a time:\n", plan.release, stage.hosts.size(),
                               stage.name, stage.batch);
    for (const auto& one : stages::look_at(stage))
        context.out << fmt::format("check\t{}\t{}\n", one.host,
                                   !one.fault.empty() ? one.fault
                                   : one.bare         ? "has nothing yet: packages, account, program, service"
                                                      : "has " + one.kept);
    context.out << fmt::format("lock\tall hosts\ninstall\tall hosts{}\n",
                               plan.archive.empty() ? ", from what they keep" : "");
    for (const auto& host : stage.hosts)
        context.out << fmt::format("host\t{}\t{}migrate, start, smoke test, switch, bake {} s, keep\n", host,
                                   plan.back_up && host == stage.hosts.front() ? "backup, " : "",
                                   stage.bake.count());
    if (plan.verify)
        context.out << fmt::format("verify\tas \"verify --stage {}\"; what speaks against it undoes it\n",
                                   stage.name);
    context.out << fmt::format("prune\tall hosts\t{} releases stay on each\n", stage.keep);
    for (const auto& [name, command] : stage.hooks)
        context.out << fmt::format("hook\t{}\t{}\n", name, command);
}

}  // namespace

stages::RolloutPlan plan_of(Context& context, const DeployWords& words, const stages::Stage& stage) {
    stages::RolloutPlan plan{.stage = stage, .ledger = deploy::Ledger(stage_ledger(context, words.stage))};
    plan.say = [&context](std::string_view host, std::string_view step, std::string_view detail) {
        context.err << fmt::format("{}{}{}{}{}\n", host, host.empty() ? "" : "\t", step,
                                   step.empty() ? "" : ": ", detail)
                    << std::flush;
    };
    return plan;
}

int tell_outcome(Context& context, const DeployWords& words, const stages::RolloutOutcome& outcome) {
    const auto& release = outcome.release;
    if (words.json) {
        JsonWriter json;
        json.object()
            .field("deployment", outcome.deployment)
            .field("stage", words.stage)
            .field("release", release)
            .field("kept", outcome.kept)
            .field("failedStep", outcome.step)
            .field("reason", outcome.reason)
            .field("seconds", outcome.seconds);
        context.out << json.end().take() << '\n';
    } else if (outcome.kept) {
        context.out << fmt::format("{}\t{}\tin service after {:.1f} s\n", words.stage, release,
                                   outcome.seconds);
    }
    if (outcome.kept) return done;
    return context.fail(fmt::format("{}: {} is not in service: {} failed: {}", words.stage, release,
                                    outcome.step, outcome.reason));
}

std::function<std::string()> look_at_the_end(Context& context, const stages::RolloutPlan& plan) {
    return [&context, stage = plan.stage, say = plan.say]() {
        verify::Report report([&](const verify::Probe& probe) {
            say({}, "verify " + probe.result, probe.name + ": " + probe.answer);
        });
        stages::verify_stage(report, stage, context.config.text("SSL_CERT_FILE"));
        if (stage.on_aws) keep_report(context, report.to_json(stage.name), stage.name, false);
        if (const auto faults = stages::faults_of_release(report); !faults.empty())
            throw std::runtime_error(faults);
        return report.passed() ? fmt::format("{} probes", report.probes().size())
                               : "nothing against the release, but: " + report.faults();
    };
}

std::string stage_ledger(const Context& context, const std::string& stage) {
    const auto folder = fs::path(context.config.text("BRAINBYTES_DATA")) / "stages";
    db::mark_data_folder(context.config);
    fs::create_directories(folder);
    privileges::give_to_owner_around(folder);
    return folder / (stage + ".jsonl");
}

namespace {

/// Throws std::runtime_error with every fault when there is one.
template <class T>
void want(const Result<T>& read) {
    if (read) return;
    auto text = read.error().detail;
    for (const auto& fault : read.error().fields)
        text += fmt::format("\n  {} {}", fault.pointer, fault.detail);
    throw std::runtime_error(text);
}

}  // namespace

stages::Stage stage_of(const std::string& name) {
    const auto all = stages::read_stages(".");
    want(all);
    want(watch::read_contacts(stages::stage_file_name));
    const auto stage = all->find(name);
    if (stage == all->end())
        throw std::runtime_error(fmt::format("{} has no stage {}.", stages::stage_file_name, name));
    return stage->second;
}

std::optional<int> on_first_host(Context& context, const Chosen& chosen) {
    DeployWords where;
    where.stage = chosen.stage;
    if (!is_remote(where)) return std::nullopt;
    const auto stage = stage_of(chosen.stage);
    context.out << stages::Host(stage, stage.hosts.front()).brainbytes(chosen.typed, {});
    return done;
}

bool is_remote(const DeployWords& words) {
    if (words.stage.empty() || !fs::exists(stages::stage_file_name)) return false;
    const auto all = stages::read_stages(".");
    if (!all) return true;  // its faults are told by who works on it, as is a stage that it lacks
    const auto stage = all->find(words.stage);
    if (stage != all->end() && stage->second.on_aws)
        throw std::runtime_error(
            fmt::format("{} is on AWS: this is about a machine, and can be done there alone (docs/aws.md).",
                        words.stage));
    return stage == all->end() || !stage->second.hosts.empty();
}

bool is_on_aws(const DeployWords& words) {
    const bool typed = words.target == "aws";
    if (typed && words.stage.empty()) throw std::runtime_error("--target aws needs --stage.");
    if (typed && !stage_of(words.stage).on_aws)
        throw std::runtime_error(
            fmt::format("{0} is not on AWS by {1}: write target = \"aws\" into [stages.{0}].", words.stage,
                        stages::stage_file_name));
    if (words.stage.empty() || !fs::exists(stages::stage_file_name)) return false;
    const auto all = stages::read_stages(".");
    if (!all) return false;  // its faults are told by who works on it
    const auto stage = all->find(words.stage);
    return stage != all->end() && stage->second.on_aws;
}

int deploy_stage(Context& context, const DeployWords& words) {
    const auto stage = stage_of(words.stage);
    auto plan = plan_of(context, words, stage);
    plan.release = words.what;
    if (fs::exists(words.what)) {
        plan.archive = fs::absolute(words.what);
        if (!fs::exists(plan.archive.string() + ".minisig"))
            return context.fail(
                fmt::format("{} has no signature beside it ({}.minisig).", words.what, words.what));
        const auto about = release::read_about(plan.archive);
        if (!about) return context.fail(about.error());
        plan.release = about->name();
    }
    plan.back_up = !words.no_backup;
    plan.lock = words.lock;
    plan.older = words.older;
    plan.trusted = words.trust;
    if (!words.no_verify) plan.verify = look_at_the_end(context, plan);
    if (words.stage != "production" && !words.waive.empty()) {
        context.fail("--waive is for production: nothing keeps a release from other stages.");
        return wrong_usage;
    }
    const bool production = words.stage == "production";
    if (words.dry_run) {
        if (production) print_boxes(context, words, stage, plan.release);
        print_plan(context, plan);
        return done;
    }
    if (production) {
        const auto waived = may_go_to_production(context, words, stage, plan.release);
        if (!waived) return failed;
        plan.waived = *waived;
    }
    return tell_outcome(context, words, stages::roll_out(plan));
}

int roll_back_stage(Context& context, const DeployWords& words) {
    const auto stage = stage_of(words.stage);
    auto plan = plan_of(context, words, stage);
    plan.release = words.to;
    plan.lock = words.lock;
    plan.back_up = !words.no_backup;
    plan.accepted_minutes = words.accepted_minutes;
    if (words.dry_run) {
        context.out << fmt::format("{}\twould go back to {}\n", words.stage,
                                   stages::what_stands_against(plan));
        return done;
    }
    return tell_outcome(context, words, stages::roll_back(plan));
}

int stage_status(Context& context, const DeployWords& words) {
    const auto states = stages::look_at(stage_of(words.stage));
    JsonWriter json;
    json.object().field("stage", words.stage).key("hosts").array();
    bool whole = true;
    for (const auto& one : states) {
        json.object().field("host", one.host).field("kept", one.kept).field("fault", one.fault).end();
        whole = whole && one.fault.empty() && one.kept == states.front().kept;
    }
    context.out << json.end().field("same", whole).end().take() << '\n';
    return whole ? done : context.fail("The hosts do not all answer with the same release.");
}

int stage_history(Context& context, const DeployWords& words) {
    print_history(context, words, stage_ledger(context, words.stage));
    return done;
}

}  // namespace bb::cli
