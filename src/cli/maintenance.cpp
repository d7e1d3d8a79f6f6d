#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <mutex>

#include "app/maintenance.hpp"
#include "base/core/json_writer.hpp"
#include "cli/deploy.hpp"
#include "operations/stages/host.hpp"
#include "operations/stages/hosts.hpp"

namespace bb::cli {
namespace {

struct Words {
    std::string what;  // "on", "off" or "status"
    std::string stage;
    std::string reason;
    int minutes = 0;
};

/// The same on every host of the stage, at once.
int on_every_host(Context& context, const Words& words) {
    std::vector<std::string> typed = {"maintenance", words.what};
    if (!words.reason.empty()) typed.insert(typed.end(), {"--reason", words.reason});
    if (words.minutes > 0) typed.insert(typed.end(), {"--minutes", std::to_string(words.minutes)});
    const auto stage = stage_of(words.stage);
    std::mutex alone;
    stages::at_once(stage.hosts, [&](const std::string& host) {
        const auto said = stages::Host(stage, host).brainbytes(typed, {});
        const std::lock_guard lock(alone);
        context.out << host << '\t' << said;
    });
    return done;
}

int here(Context& context, const Words& words) {
    const auto data = context.config.text("BRAINBYTES_DATA");
    if (words.what == "status") {
        const auto current = app::maintenance_of(data);
        JsonWriter json;
        json.object().field("maintenance", current.has_value());
        json.field("reason", current ? current->reason : std::string()).key("until");
        if (current && current->until)
            json.value(to_rfc3339(*current->until));
        else
            json.null();
        context.out << json.end().take() << '\n';
        return done;
    }
    write_as_owner(context);
    if (words.what == "off") {
        context.out << (app::end_maintenance(data) ? "maintenance is over\n" : "there was no maintenance\n");
        return done;
    }
    app::Maintenance wanted{words.reason, {}};
    if (words.minutes > 0) wanted.until = now() + std::chrono::minutes(words.minutes);
    app::begin_maintenance(data, wanted);
    context.out << "everybody is asked to come back later; \"brainbytes maintenance off\" ends that\n";
    return done;
}

}  // namespace

void register_maintenance(CLI::App& app, Chosen& chosen) {
    auto* group = app.add_subcommand("maintenance",
                                     "Ask everybody to come back later, or do what has to be done regularly");
    group->require_subcommand(1);
    auto words = std::make_shared<Words>();
    const auto add = [&](const char* name, const char* help) {
        auto* command = group->add_subcommand(name, help);
        add_stage(*command, chosen);
        command->callback([&chosen, words, name] {
            words->what = name;
            words->stage = chosen.stage;
            chosen.action = [words](Context& context) {
                DeployWords where;
                where.stage = words->stage;
                return is_remote(where) ? on_every_host(context, *words) : here(context, *words);
            };
        });
        return command;
    };
    auto* on = add("on", "Begin, within a second on every server of the host");
    on->add_option("--reason", words->reason, "A sentence for people");
    on->add_option("--minutes", words->minutes, "When it is expected to be over; it does not end by itself")
        ->check(CLI::Range(1, 7 * 24 * 60));
    add("off", "End");
    add("status", "Whether there is one, as JSON");
    add_upkeep(*group, chosen);
}

}  // namespace bb::cli
