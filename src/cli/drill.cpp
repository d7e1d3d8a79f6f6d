#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/installation.hpp"
#include "base/core/json_writer.hpp"
#include "base/db/migrate.hpp"
#include "cli/database.hpp"
#include "cli/progress.hpp"
#include "operations/safety/drill_history.hpp"
#include "operations/safety/hold_drill.hpp"

namespace bb::cli {
namespace {

struct Words {
    std::string scenario = "lost-host";
    std::string from, key;
    bool json = false;
};

std::string duration(double seconds) {
    if (seconds < 120) return fmt::format("{:.1f} s", seconds);
    if (seconds < 7200) return fmt::format("{:.1f} min", seconds / 60);
    return fmt::format("{:.1f} h", seconds / 3600);
}

void print(Context& context, const safety::DrillResult& result, bool as_json) {
    if (as_json) {
        JsonWriter json;
        json.object()
            .field("scenario", result.scenario)
            .field("backup", result.backup)
            .field("startedAt", result.started_at)
            .field("rtoSeconds", result.rto_seconds)
            .field("rpoSeconds", result.rpo_seconds)
            .field("targetRtoSeconds", result.goals.rto_seconds)
            .field("targetRpoSeconds", result.goals.rpo_seconds)
            .field("good", result.good())
            .key("checks")
            .raw(safety::checks_json(result));
        context.out << json.end().take() << '\n';
        return;
    }
    for (const auto& check : result.checks)
        context.out << fmt::format("{}\t{}\t{}\n", check.good ? "good" : "FAILED", check.name, check.detail);
    context.out << fmt::format("time to recover\t{}\tat most {}\nwork lost\t{}\tat most {}\n",
                               duration(result.rto_seconds), duration(result.goals.rto_seconds),
                               duration(result.rpo_seconds), duration(result.goals.rpo_seconds));
}

int run(Context& context, const Words& words) {
    const auto& scenario = *safety::find_scenario(words.scenario);
    const auto place = app::destinations_of(context.config, words.from).front();
    const auto configured = words.key.empty() ? app::configured_backup_keys(context.config)
                                              : std::optional(safety::read_backup_keys(words.key));
    return with_home(context, [&](db::Home& home) {
        const auto source = words.from.empty() ? app::destinations_of(context.config).front() : place;
        const auto backup = source.find("latest");
        if (!backup) return context.fail(backup.error());
        const auto keys = configured ? *configured : app::backup_keys_of(context.config);
        const auto installation = app::installation_of(context.config, home);
        const auto result = safety::hold_drill(installation, scenario, source, *backup, keys,
                                               context.config.number("BACKUP_WAL_DAYS") > 0);
        print(context, result, words.json);
        return result.good() ? done : failed;
    });
}

int history(Context& context, const Words& words) {
    return with_session(context, [&](db::Session& session) {
        JsonWriter json;
        json.object().key("drills").array();
        for (const auto& one : safety::past_drills(session, 100)) {
            json.object()
                .field("scenario", one.scenario)
                .field("backup", one.backup)
                .field("startedAt", one.started_at)
                .field("rtoSeconds", one.rto_seconds)
                .field("rpoSeconds", one.rpo_seconds)
                .field("good", one.good)
                .key("checks")
                .raw(one.checks)
                .end();
            if (!words.json)
                context.out << fmt::format("{}\t{}\t{}\trecovered in {}\twork lost {}\n",
                                           to_rfc3339(one.started_at), one.good ? "good" : "FAILED",
                                           one.scenario, duration(one.rto_seconds),
                                           duration(one.rpo_seconds));
        }
        if (words.json) context.out << json.end().end().take() << '\n';
        return done;
    });
}

}  // namespace

void register_drill(CLI::App& app, Chosen& chosen) {
    auto* group = app.add_subcommand("drill", "Practise a recovery, and measure it");
    group->require_subcommand(1);
    auto words = std::make_shared<Words>();
    const auto add = [&](const char* name, const char* help, int (*run)(Context&, const Words&)) {
        auto* command = group->add_subcommand(name, help);
        add_stage(*command, chosen);
        command->add_flag("--json", words->json, "Print JSON");
        command->callback([&chosen, words, run] {
            chosen.action = [words, run](Context& context) {
                return run(context, *words);
            };
        });
        return command;
    };
    auto* held =
        add("run", "Bring the newest backup back in a throw-away place and ask the tutor there", run);
    std::vector<std::string> names;
    for (const auto& one : safety::scenarios()) names.emplace_back(one.name);
    held->add_option("--scenario", words->scenario, "What has happened")
        ->check(CLI::IsMember(names))
        ->capture_default_str();
    held->add_option("--from", words->from, "Folder or s3://BUCKET/PREFIX of the backups; unset: BACKUP_TO");
    held->add_option("--key", words->key, "File with the private key; unset: BACKUP_KEY_FILE");
    add("history", "The drills that were held, newest first", history);
}

}  // namespace bb::cli
