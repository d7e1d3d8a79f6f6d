#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <optional>

#include "base/core/crypto.hpp"
#include "base/core/plain_shell.hpp"
#include "cli/cli.hpp"
#include "cli/doctor.hpp"
#include "embedded/version.hpp"
#include "features/materials/extract/child.hpp"
#include "operations/safety/wal_source.hpp"

namespace bb::cli {
namespace {

int parse(CLI::App& app, int argc, char** argv) {
    try {
        app.parse(argc, argv);
        return done;
    } catch (const CLI::ParseError& stop) {
        // Help was asked for with something that is no command.
        const bool unknown =
            stop.get_exit_code() == 0 && argc > 1 && argv[1][0] != '-' && app.get_subcommands().empty();
        if (unknown) {
            std::cerr << "brainbytes: there is no command \"" << argv[1] << "\": brainbytes --help\n";
            return wrong_usage;
        }
        const int code = app.exit(stop, std::cout, std::cerr);
        return code == 0 ? -1 : wrong_usage;  // -1: --help or --version was answered
    }
}

Result<config::Config> load_config(const Chosen& chosen) {
    auto environment = config::process_environment();
    if (!chosen.stage.empty()) environment["BRAINBYTES_STAGE"] = chosen.stage;
    return config::Config::load(environment, ".");
}

/// `despite_faults`: the command tells of a wrong configuration itself, and does what it can.
int execute(const Chosen& chosen, bool despite_faults) {
    auto config = load_config(chosen);
    if (!config && despite_faults) config = config::Config();
    if (!config) {
        std::cerr << "brainbytes: " << config.error().detail << '\n';
        for (const auto& fault : config.error().fields)
            std::cerr << "  " << fault.pointer << " " << fault.detail << '\n';
        return wrong_usage;
    }
    if (!despite_faults)
        for (const auto& warning : config->warnings())
            std::cerr << "brainbytes: warning: " << warning << '\n';
    Context context{std::move(*config), std::cout, std::cerr};
    try {
        return chosen.action(context);
    } catch (const std::exception& error) {
        return context.fail(error.what());
    }
}

/// Does what the program is begun for by words that no person types.
std::optional<int> run_as_part(int argc, char** argv) {
    if (const auto code = run_as_shell(argc, argv)) return code;
    if (const auto code = materials::extract::read_as_child(argc, argv)) return code;
    return safety::fetch_as_child(argc, argv);
}

}  // namespace

int Context::fail(std::string_view why) const {
    out.flush();
    err << "brainbytes: " << why << '\n';
    return failed;
}

int Context::fail(const Error& error) const {
    fail(error.detail);
    for (const auto& field : error.fields) err << "  " << field.pointer << ' ' << field.detail << '\n';
    return failed;
}

bool confirmed(Context& context, bool yes) {
    if (yes) return true;
    if (!isatty(STDIN_FILENO)) {
        context.err << "Nothing was changed. Add --yes to do it, or --dry-run to only look.\n";
        return false;
    }
    context.err << "Type yes to go on: " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer == "yes") return true;
    context.err << "Nothing was changed.\n";
    return false;
}

void add_stage(CLI::App& command, Chosen& chosen) {
    command.add_option("--stage", chosen.stage, "Installation to work on: dev, staging or production")
        ->check(CLI::IsMember({"dev", "staging", "production"}));
}

int run(int argc, char** argv) {
    if (const auto code = run_as_part(argc, argv)) return *code;
    CLI::App app("BrainBytes, a tutor that answers from the student's own materials.", "brainbytes");
    app.set_version_flag("--version", std::string(embedded::version));
    app.require_subcommand(1);
    Chosen chosen;
    register_serve(app, chosen);
    register_setup(app, chosen);
    register_db(app, chosen);
    register_user(app, chosen);
    register_key(app, chosen);
    register_secret(app, chosen);
    register_config(app, chosen);
    register_audit(app, chosen);
    register_retention(app, chosen);
    register_backup(app, chosen);
    register_drill(app, chosen);
    register_release(app, chosen);
    register_deploy(app, chosen);
    register_supervise(app, chosen);
    register_verify(app, chosen);
    register_checklist(app, chosen);
    register_dns(app, chosen);
    register_maintenance(app, chosen);
    register_loadtest(app, chosen);
    register_metrics(app, chosen);
    register_alarm(app, chosen);
    register_incident(app, chosen);
    register_doctor(app, chosen);
    register_logs(app, chosen);
    register_blobs(app, chosen);
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--stage")
            ++i;
        else if (!word.starts_with("--stage="))
            chosen.typed.emplace_back(word);
    }
    if (const int code = parse(app, argc, argv); code != done) return code < 0 ? done : code;
    signal(SIGPIPE, SIG_IGN);
    crypto::initialize();
    return execute(chosen, app.got_subcommand("doctor"));
}

}  // namespace bb::cli
