#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "base/core/json_writer.hpp"
#include "base/core/privileges.hpp"
#include "cli/cli.hpp"
#include "operations/deploy/control.hpp"
#include "operations/deploy/deployment.hpp"
#include "operations/deploy/ledger.hpp"
#include "operations/release/kept.hpp"

namespace bb::cli {
namespace {

namespace fs = std::filesystem;

struct Words {
    std::string what;  // archive, or the name of a kept release
    std::string to;
    int bake = 120;
    int lines = 50;
    bool no_backup = false;
    bool older = false;
    bool dry_run = false;
    bool json = false;
};

fs::path releases_of(const Context& context) {
    return fs::path(context.config.text("BRAINBYTES_DATA")) / "releases";
}

/// Files of the data folder are made as the account that it belongs to.
void settle(const Context& context) {
    if (!privileges::is_root()) return;
    privileges::drop_to(privileges::unprivileged_for(context.config.text("BRAINBYTES_DATA")));
}

deploy::DeployPlan plan_for(Context& context, release::KeptRelease release) {
    deploy::DeployPlan plan;
    plan.data = context.config.text("BRAINBYTES_DATA");
    plan.release = std::move(release);
    plan.say = [&context](std::string_view step, std::string_view detail) {
        context.err << fmt::format("{}: {}", step, detail) << std::endl;
    };
    plan.watch = [] {
    };
    return plan;
}

int tell(Context& context, const deploy::DeployPlan& plan, const deploy::Outcome& outcome, bool as_json) {
    const auto name = plan.release.about.name();
    if (as_json) {
        JsonWriter json;
        json.object()
            .field("deployment", outcome.deployment)
            .field("release", name)
            .field("kept", outcome.kept)
            .field("failedStep", outcome.step)
            .field("reason", outcome.reason)
            .field("seconds", outcome.seconds);
        context.out << json.end().take() << '\n';
    } else if (outcome.kept) {
        context.out << fmt::format("{}\tin service after {:.1f} s\n", name, outcome.seconds);
    }
    if (outcome.kept) return done;
    return context.fail(
        fmt::format("{} is not in service: {} failed: {}", name, outcome.step, outcome.reason));
}

Result<release::KeptRelease> wanted_release(const Context& context, const Words& words) {
    const release::KeptReleases kept(releases_of(context));
    if (!fs::exists(words.what)) return kept.find(words.what);
    const auto keys = release::Trust(fs::path(context.config.text("BRAINBYTES_DATA")) / "trust").keys();
    if (!keys) return keys.error();
    if (words.dry_run) {
        const auto about = release::check_release(words.what, *keys);
        if (!about) return about.error();
        return release::KeptRelease{*about, {}, {}};
    }
    return kept.install(words.what, *keys, words.older);
}

void print_plan(Context& context, const deploy::DeployPlan& plan, const std::string& serving) {
    context.out << fmt::format("{} in place of {}:\n", plan.release.about.name(), serving);
    if (plan.back_up) context.out << "backup\tas \"backup create\"\n";
    if (plan.migrate) context.out << "migrate\twhat only adds to the schema\n";
    context.out << "start\tbeside the running one, on the same sockets\n";
    if (plan.smoke_test) context.out << "smoke test\tagainst it alone\n";
    context.out << fmt::format("switch\t\nbake\t{} s\nkeep\n", plan.bake.count());
}

int carry_out(Context& context, const deploy::DeployPlan& plan, const Words& words) {
    if (const auto fault = deploy::schema_fault(plan.data, plan.release.about)) return context.fail(*fault);
    if (!plan.migrate)
        context.err << fmt::format("Code only: the database stays as it is, and {} runs on it.\n",
                                   plan.release.about.name());
    if (!words.dry_run) return tell(context, plan, deploy::deploy(plan), words.json);
    const auto status = deploy::Control(plan.data).ask("status");
    print_plan(context, plan, std::string(status.at("kept").as_string()));
    return done;
}

int bring(Context& context, const Words& words) {
    if (words.what.empty()) {
        context.fail("Name an archive or a kept release (\"brainbytes release list\").");
        return wrong_usage;
    }
    settle(context);
    const auto release = wanted_release(context, words);
    if (!release) return context.fail(release.error());
    auto plan = plan_for(context, *release);
    plan.back_up = !words.no_backup;
    plan.bake = std::chrono::seconds(words.bake);
    return carry_out(context, plan, words);
}

int roll_back(Context& context, const Words& words) {
    settle(context);
    const release::KeptReleases kept(releases_of(context));
    const auto current = kept.current();
    const auto entries = deploy::Ledger(releases_of(context) / "ledger.jsonl").read();
    const auto name = !words.to.empty() ? words.to
                      : current         ? deploy::release_before(entries, current->about.name())
                                        : std::string();
    if (name.empty()) return context.fail("No release was in service before this one: name one with --to.");
    const auto release = kept.find(name);
    if (!release) return context.fail(release.error());
    auto plan = plan_for(context, *release);
    plan.back_up = plan.migrate = plan.smoke_test = false;
    plan.bake = std::chrono::seconds(0);
    return carry_out(context, plan, words);
}

int history(Context& context, const Words& words) {
    auto entries = deploy::Ledger(releases_of(context) / "ledger.jsonl").read();
    const auto shown = std::min<std::size_t>(entries.size(), static_cast<std::size_t>(words.lines));
    entries.erase(entries.begin(), entries.end() - static_cast<std::ptrdiff_t>(shown));
    for (const auto& one : entries)
        context.out << (words.json
                            ? deploy::to_json(one)
                            : fmt::format("{}\t{}\t{}\t{}\t{:.1f} s\t{}\t{}", to_rfc3339(one.at), one.release,
                                          one.step, one.result, one.seconds, one.who, one.detail))
                    << '\n';
    return done;
}

int status(Context& context, const Words&) {
    const auto answer = deploy::Control(context.config.text("BRAINBYTES_DATA")).ask("status");
    context.out << boost::json::serialize(answer) << '\n';
    return done;
}

using Run = int (*)(Context&, const Words&);

CLI::App* add(CLI::App& to, Chosen& chosen, const std::shared_ptr<Words>& words, const char* name,
              const char* help, Run run) {
    auto* command = to.add_subcommand(name, help);
    add_stage(*command, chosen);
    command->callback([&chosen, words, run, command] {
        if (!command->get_subcommands().empty()) return;  // it is that one's turn
        chosen.action = [words, run](Context& context) {
            return run(context, *words);
        };
    });
    return command;
}

}  // namespace

void register_deploy(CLI::App& app, Chosen& chosen) {
    auto words = std::make_shared<Words>();
    auto* bringing = add(app, chosen, words, "deploy",
                         "Bring a release into service on this host, watched and undone by itself", bring);
    bringing->add_option("release", words->what, "An archive, or the name of a kept release");
    bringing->add_option("--bake", words->bake, "Seconds to watch it before it is kept")
        ->check(CLI::Range(0, 86400))
        ->capture_default_str();
    bringing->add_flag("--no-backup", words->no_backup, "Without a backup before");
    bringing->add_flag("--older", words->older, "Also when a newer one is kept");
    bringing->add_flag("--dry-run", words->dry_run, "Only say what would be done");
    bringing->add_flag("--json", words->json, "Print JSON");
    add(*bringing, chosen, words, "status", "What serves now, as JSON", status);
    auto* past = add(*bringing, chosen, words, "history", "Every step of every deployment", history);
    past->add_option("--lines", words->lines, "How many")->check(CLI::PositiveNumber)->capture_default_str();
    past->add_flag("--json", words->json, "Print lines of JSON");
    auto* back = add(app, chosen, words, "rollback", "Back to the release before, in seconds", roll_back);
    back->add_option("--to", words->to, "Another kept release");
    back->add_flag("--dry-run", words->dry_run, "Only say what would be done");
    back->add_flag("--json", words->json, "Print JSON");
}

}  // namespace bb::cli
