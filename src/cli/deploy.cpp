#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <memory>

#include "base/core/json_writer.hpp"
#include "base/core/privileges.hpp"
#include "base/core/time.hpp"
#include "base/db/found_home.hpp"
#include "cli/attendance.hpp"
#include "cli/deploy.hpp"
#include "cli/production.hpp"
#include "operations/deploy/control.hpp"
#include "operations/deploy/deploy_lock.hpp"
#include "operations/deploy/ledger.hpp"
#include "operations/release/kept.hpp"

namespace bb::cli {
namespace {

namespace fs = std::filesystem;

fs::path releases_of(const Context& context) {
    return fs::path(context.config.text("BRAINBYTES_DATA")) / "releases";
}

deploy::DeployPlan plan_for(Context& context, const DeployWords& words, release::KeptRelease release) {
    deploy::DeployPlan plan;
    plan.data = context.config.text("BRAINBYTES_DATA");
    plan.release = std::move(release);
    plan.say = [&context](std::string_view step, std::string_view detail) {
        context.err << fmt::format("{}: {}", step, detail) << std::endl;
    };
    plan.drain = std::chrono::seconds(words.drain);
    plan.limits = words.limits;
    for (const auto& one : words.hooks)
        plan.hooks[one.substr(0, one.find('='))] = one.substr(one.find('=') + 1);
    plan.watch = [] {
    };
    // One for all: who keeps a copy would use up the lines that another waits for.
    if (words.attended) {
        const auto attendance = std::make_shared<Attendance>();
        plan.watch = [attendance] {
            attendance->look();
        };
        plan.confirm = [attendance] {
            attendance->wait_for_a_word();
        };
    }
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

Result<release::KeptRelease> wanted_release(const Context& context, const DeployWords& words) {
    const release::KeptReleases kept(releases_of(context));
    const auto keys = release::Trust(fs::path(context.config.text("BRAINBYTES_DATA")) / "trust").keys();
    if (!keys) return keys.error();
    if (!fs::exists(words.what)) {
        const auto found = kept.find(words.what);
        if (!found) return found;
        // A key may have been removed since it was installed.
        if (auto good = release::check_kept(*found, *keys); !good) return good.error();
        return found;
    }
    if (!words.dry_run) return kept.install(words.what, *keys, words.older);
    const auto about = release::check_release(words.what, *keys);
    if (!about) return about.error();
    if (auto same = kept.must_be_same(about->name(), release::signed_hash(words.what)); !same)
        return same.error();
    return release::KeptRelease{*about, {}, {}};
}

void print_plan(Context& context, const deploy::DeployPlan& plan, const std::string& serving) {
    context.out << fmt::format("{} in place of {}:\n", plan.release.about.name(), serving);
    if (plan.back_up) context.out << "backup\tas \"backup create\"\n";
    if (plan.migrate) context.out << "migrate\twhat only adds to the schema\n";
    if (plan.schema)
        context.out << fmt::format("rest\tnothing serves\nschema\tback to migration {}\n", *plan.schema);
    if (plan.restore)
        context.out << fmt::format("rest\tnothing serves\nrestore\tback to {} by {}\n",
                                   to_rfc3339(plan.restore->to.moment), plan.restore->to.by);
    context.out << "start\tbeside the running one, on the same sockets\n";
    if (plan.smoke_test) context.out << "smoke test\tagainst it alone\n";
    context.out << fmt::format("switch\t\nbake\t{} s\nkeep\n", plan.bake.count());
}

/// Who changed the program that people use, to which one, and what was not looked at before.
void note_change(Context& context, const deploy::DeployPlan& plan, const DeployWords& words) {
    auto text = fmt::format("{} by {}", plan.migrate ? "deployed" : "gone back to", deploy::who_we_are());
    for (const auto& one : words.waive) text += "; waived: " + one;
    note_in_audit(context, text, plan.release.about.name());
}

int carry_out(Context& context, deploy::DeployPlan plan, const DeployWords& words) {
    if (const auto hold = deploy::DeployLock(plan.data).held(); hold && hold->id != words.lock)
        return context.fail(deploy::to_text(*hold));
    if (!fits_schema(context, plan, words)) return failed;
    if (!plan.migrate && !plan.schema && !plan.restore)
        context.err << fmt::format("Code only: the database stays as it is, and {} runs on it.\n",
                                   plan.release.about.name());
    if (!words.dry_run) {
        const auto outcome = deploy::deploy(plan);
        if (outcome.kept) note_change(context, plan, words);
        return tell(context, plan, outcome, words.json);
    }
    const auto status = deploy::Control(plan.data).ask("status");
    print_plan(context, plan, std::string(status.at("kept").as_string()));
    return done;
}

/// What brainbytes.toml decides for a stage, and is not to be said twice.
std::optional<std::string> foreign_to_a_stage(const DeployWords& words) {
    for (const auto* option : words.of_a_host)
        if (option->count() > 0)
            return fmt::format("{} is for one host; for a stage, brainbytes.toml decides it.",
                               option->get_name());
    return std::nullopt;
}

int bring(Context& context, const DeployWords& words) {
    if (words.what.empty()) {
        context.fail("Name an archive or a kept release (\"brainbytes release list\").");
        return wrong_usage;
    }
    const bool on_aws = is_on_aws(words);
    if (on_aws || is_remote(words)) {
        if (const auto fault = foreign_to_a_stage(words)) {
            context.fail(*fault);
            return wrong_usage;
        }
        return on_aws ? deploy_on_aws(context, words) : deploy_stage(context, words);
    }
    act_as_owner(context);
    const auto release = wanted_release(context, words);
    if (!release) return context.fail(release.error());
    const auto waived = may_serve_here(context, words, *release);
    if (!waived) return failed;
    auto with_waived = words;
    with_waived.waive = *waived;
    auto plan = plan_for(context, words, *release);
    plan.back_up = !words.no_backup;
    plan.bake = std::chrono::seconds(words.bake);
    return carry_out(context, plan, with_waived);
}

int roll_back(Context& context, const DeployWords& words) {
    const bool on_aws = is_on_aws(words);
    if (on_aws || is_remote(words)) {
        if (const auto fault = foreign_to_a_stage(words))
            return context.fail(*fault) == done ? done : wrong_usage;
        return on_aws ? roll_back_on_aws(context, words) : roll_back_stage(context, words);
    }
    act_as_owner(context);
    const release::KeptReleases kept(releases_of(context));
    const auto current = kept.current();
    const auto entries = deploy::Ledger(releases_of(context) / "ledger.jsonl").read();
    const auto name = !words.to.empty() ? words.to
                      : current         ? deploy::release_before(entries, current->about.name())
                                        : std::string();
    if (name.empty()) return context.fail("No release was in service before this one: name one with --to.");
    const auto release = kept.find(name);
    if (!release) return context.fail(release.error());
    const auto found = release->about.name();
    if (!deploy::has_served(entries, found) && (!current || current->about.name() != found))
        return context.fail(
            fmt::format("{0} was never kept in service here, so there is no going back to it. "
                        "Deploy it: \"brainbytes deploy {0}\" tests and watches it first.",
                        found));
    auto plan = plan_for(context, words, *release);
    plan.back_up = plan.migrate = plan.smoke_test = false;
    plan.bake = std::chrono::seconds(0);
    return carry_out(context, plan, words);
}

int history(Context& context, const DeployWords& words) {
    if (is_on_aws(words) || is_remote(words)) return stage_history(context, words);
    print_history(context, words, releases_of(context) / "ledger.jsonl");
    return done;
}

int print_status(Context& context, const DeployWords& words) {
    if (is_on_aws(words)) return status_on_aws(context, words);
    if (is_remote(words)) return stage_status(context, words);
    auto answer = deploy::Control(context.config.text("BRAINBYTES_DATA")).ask("status");
    const auto hold = deploy::DeployLock(context.config.text("BRAINBYTES_DATA")).held();
    const release::KeptReleases kept(releases_of(context));
    const auto current = kept.current();
    const auto before =
        current ? deploy::release_before(deploy::Ledger(releases_of(context) / "ledger.jsonl").read(),
                                         current->about.name())
                : std::string();
    if (!before.empty() && kept.find(before)) answer["before"] = before;
    if (hold) answer["lockId"] = hold->id;
    answer["lock"] = hold ? boost::json::value(deploy::to_text(*hold)) : boost::json::value();
    context.out << boost::json::serialize(answer) << '\n';
    return done;
}

using Run = int (*)(Context&, const DeployWords&);

CLI::App* add(CLI::App& to, Chosen& chosen, const std::shared_ptr<DeployWords>& words, const char* name,
              const char* help, Run run) {
    auto* command = to.add_subcommand(name, help);
    add_stage(*command, chosen);
    command->callback([&chosen, words, run, command] {
        if (!command->get_subcommands().empty()) return;  // it is that one's turn
        words->stage = chosen.stage;
        chosen.action = [words, run](Context& context) {
            return run(context, *words);
        };
    });
    return command;
}

void add_locks(CLI::App& deploy, Chosen& chosen, const std::shared_ptr<DeployWords>& words) {
    auto* taking =
        add(deploy, chosen, words, "lock", "Keep others from changing the release for a while", take_lock);
    taking->add_option("--reason", words->reason, "Why; others read it")->required();
    taking->add_option("--minutes", words->minutes, "Until it ends by itself")
        ->check(CLI::Range(1, 60 * 24 * 30))
        ->capture_default_str();
    taking->add_option("--owner", words->owner, "Who; else this account and host");
    taking->add_option("--id", words->lock, "Its id, else a new one");
    auto* ending = add(deploy, chosen, words, "unlock", "End that", give_up_lock);
    ending->add_option("--id", words->lock, "Only the lock of this id");
    ending->add_option("--owner", words->owner, "Who ends it; else this account and host");
    for (auto* one : {taking, ending}) one->add_flag("--by-deployment", words->by_deployment)->group("");
}

}  // namespace

void act_as_owner(const Context& context) {
    struct stat data {};
    const bool given = ::stat(context.config.text("BRAINBYTES_DATA").c_str(), &data) == 0 && data.st_uid != 0;
    if (!privileges::is_root() || !given) return;
    privileges::drop_to(privileges::unprivileged_for(context.config.text("BRAINBYTES_DATA")));
}

void write_as_owner(const Context& context) {
    act_as_owner(context);
    db::mark_data_folder(context.config);
}

void print_history(Context& context, const DeployWords& words, const std::string& ledger) {
    auto entries = deploy::Ledger(ledger).read();
    const auto shown = std::min<std::size_t>(entries.size(), static_cast<std::size_t>(words.lines));
    entries.erase(entries.begin(), entries.end() - static_cast<std::ptrdiff_t>(shown));
    for (const auto& one : entries)
        context.out << (words.json ? deploy::to_json(one)
                                   : fmt::format("{}\t{}\t{}\t{}\t{:.1f} s\t{}\t{}", to_rfc3339(one.at),
                                                 one.release, one.step, one.result, one.seconds, one.who,
                                                 one.detail.empty() ? one.host : one.detail))
                    << '\n';
}

void register_deploy(CLI::App& app, Chosen& chosen) {
    auto words = std::make_shared<DeployWords>();
    auto* bringing = add(app, chosen, words, "deploy",
                         "Bring a release into service, watched and undone by itself", bring);
    bringing->add_option("release", words->what, "An archive, or the name of a kept release");
    add_watching(*bringing, *words);
    add_hooks(*bringing, *words);
    add_target(*bringing, *words);
    bringing->add_flag("--no-backup", words->no_backup, "Without a backup before");
    bringing->add_option("--waive", words->waive, "BOX=REASON: of production's checklist; is kept")
        ->allow_extra_args(false);
    bringing->add_flag("--no-verify", words->no_verify, "Of a stage: without a look at it at the end");
    bringing->add_flag("--older", words->older, "Also when a newer one is kept");
    bringing->add_option("--trust", words->trust, "Public key for hosts of a stage that have nothing yet")
        ->check(CLI::ExistingFile);
    bringing->add_option("--lock", words->lock, "Also while the lock of this id is in force");
    bringing->add_flag("--attended", words->attended,
                       "Undo it when no line comes on the input for 15 seconds");
    bringing->add_flag("--by-deployment", words->by_deployment)->group("");
    bringing->add_flag("--dry-run", words->dry_run, "Only say what would be done");
    bringing->add_flag("--json", words->json, "Print JSON");
    add(*bringing, chosen, words, "status", "What serves now, as JSON", print_status);
    auto* past = add(*bringing, chosen, words, "history", "Every step of every deployment", history);
    past->add_option("--lines", words->lines, "How many")->check(CLI::PositiveNumber)->capture_default_str();
    past->add_flag("--json", words->json, "Print lines of JSON");
    add_locks(*bringing, chosen, words);
    auto* back = add(app, chosen, words, "rollback", "Back to the release before, in seconds", roll_back);
    add_going_back(*back, *words);
}

}  // namespace bb::cli
