#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <memory>

#include "app/watch_settings.hpp"
#include "base/core/json_writer.hpp"
#include "cli/cli.hpp"
#include "operations/stages/stage_file.hpp"
#include "operations/watch/contacts.hpp"

namespace bb::cli {
namespace {

namespace fs = std::filesystem;

int show_json(Context& context) {
    JsonWriter json;
    json.object().key("options").array();
    for (const auto& option : config::options()) {
        const auto& value = context.config.value(option.name);
        json.object().field("name", option.name).key("value");
        if (value.text.empty())
            json.null();
        else
            json.value(config::masked(option, value.text));
        json.field("origin", value.origin).field("set", !value.text.empty());
        json.field("secret", option.kind == config::Kind::secret).field("help", option.help).end();
    }
    context.out << json.end().end().take() << '\n';
    return done;
}

int show(Context& context, bool as_json) {
    if (as_json) return show_json(context);
    std::size_t names = 0;
    for (const auto& option : config::options()) names = std::max(names, option.name.size());
    for (const auto& option : config::options()) {
        const auto& value = context.config.value(option.name);
        const auto shown = value.text.empty() ? std::string("(unset)") : config::masked(option, value.text);
        context.out << fmt::format("{:<{}}  {}  [{}]\n", option.name, names, shown, value.origin);
    }
    return done;
}

/// The text of .env.example.
int example(Context& context) {
    context.out << "# Every option of BrainBytes with its default. Copy this file to .env and take away the "
                   "\"# \" in front of\n"
                   "# what you change. The environment wins over .env.<stage>, that over .env.local, that "
                   "over .env.\n"
                   "# Any NAME may be given as NAME_FILE, the path of a file with the value. Look at the "
                   "outcome with: "
                   "brainbytes config show\n";
    for (const auto& option : config::options()) {
        context.out << "\n# " << option.help;
        if (option.kind == config::Kind::choice) context.out << " One of: " << option.choices << '.';
        if (option.standard.empty() || option.standard != option.example)
            context.out << " Example: " << option.example;
        context.out << "\n# " << option.name << '=' << option.standard << '\n';
    }
    return done;
}

/// The options were right, or no command would have begun; the stages of this folder are left.
int check_stages(Context& context) {
    const auto stages = stages::read_stages(".");
    if (!stages && stages.error().code != ErrorCode::not_found) {
        context.fail(stages.error());
        return wrong_usage;
    }
    for (const auto& file : {fs::path(stages::stage_file_name), app::contacts_file(context.config)}) {
        const auto contacts = watch::read_contacts(file);
        if (contacts) continue;
        context.fail(contacts.error());
        return wrong_usage;
    }
    if (stages)
        for (const auto& [name, stage] : *stages)
            context.err << fmt::format("Stage {}: {} hosts.\n", name, stage.hosts.size());
    context.err << "The configuration is right.\n";
    return done;
}

}  // namespace

void register_config(CLI::App& app, Chosen& chosen) {
    auto* group = app.add_subcommand("config", "Look at the configuration");
    group->require_subcommand(1);

    auto* show_command = group->add_subcommand("show", "Print the effective values and where they come from");
    auto as_json = std::make_shared<bool>(false);
    show_command->add_flag("--json", *as_json, "Print JSON");
    add_stage(*show_command, chosen);
    show_command->callback([&chosen, as_json] {
        chosen.action = [as_json](Context& context) {
            return show(context, *as_json);
        };
    });

    auto* example_command =
        group->add_subcommand("example", "Print every option with its default, as .env.example");
    example_command->callback([&chosen] { chosen.action = example; });

    auto* check = group->add_subcommand(
        "check", "Say whether the options, and brainbytes.toml if there is one, are right; exit code 2: no");
    add_stage(*check, chosen);
    check->callback([&chosen] { chosen.action = check_stages; });
}

}  // namespace bb::cli
