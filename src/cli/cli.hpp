#pragma once
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/config/config.hpp"
#include "base/core/task.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): theirs
class App;
}
namespace bb::db {
class Database;
}

namespace bb::cli {

/// Exit codes of every command.
inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int wrong_usage = 2;

/// What a command works with: data goes to `out`, words for people to `err`.
struct Context {
    config::Config config;
    std::ostream& out;
    std::ostream& err;

    /// Says why the command did not succeed and returns `failed`.
    int fail(std::string_view why) const;
    /// The same for an expected error, with its fields.
    int fail(const Error& error) const;
};

using Action = std::function<int(Context&)>;

/// What the words on the command line asked for. Commands fill it in from their callback.
struct Chosen {
    Action action;
    std::string stage;               ///< from --stage; empty: BRAINBYTES_STAGE decides
    std::vector<std::string> typed;  ///< all words but --stage and its value
};

/// Parses the command line, reads the configuration, runs the command; returns the exit code of the program.
int run(int argc, char** argv);

/// One function per group of commands, in the file of that name.
void register_serve(CLI::App& app, Chosen& chosen);
void register_setup(CLI::App& app, Chosen& chosen);
void register_db(CLI::App& app, Chosen& chosen);
void register_user(CLI::App& app, Chosen& chosen);
void register_key(CLI::App& app, Chosen& chosen);
void register_secret(CLI::App& app, Chosen& chosen);
void register_config(CLI::App& app, Chosen& chosen);
void register_audit(CLI::App& app, Chosen& chosen);
void register_retention(CLI::App& app, Chosen& chosen);
void register_backup(CLI::App& app, Chosen& chosen);
void register_drill(CLI::App& app, Chosen& chosen);
void register_release(CLI::App& app, Chosen& chosen);
void register_deploy(CLI::App& app, Chosen& chosen);
void register_supervise(CLI::App& app, Chosen& chosen);
void register_verify(CLI::App& app, Chosen& chosen);
void register_checklist(CLI::App& app, Chosen& chosen);
void register_dns(CLI::App& app, Chosen& chosen);
void register_maintenance(CLI::App& app, Chosen& chosen);
void register_loadtest(CLI::App& app, Chosen& chosen);
void register_metrics(CLI::App& app, Chosen& chosen);
void register_alarm(CLI::App& app, Chosen& chosen);
void register_incident(CLI::App& app, Chosen& chosen);
void register_logs(CLI::App& app, Chosen& chosen);
void register_blobs(CLI::App& app, Chosen& chosen);

/// The part of `user` about a person's data.
void add_user_export(CLI::App& user, Chosen& chosen);
void add_user_erase(CLI::App& user, Chosen& chosen);

/// The parts of `backup` that tell how it stands, read it back, and bring one person or everything back.
void add_backup_schedule(CLI::App& backup, Chosen& chosen);
void add_backup_status(CLI::App& backup, Chosen& chosen);
void add_backup_verify(CLI::App& backup, Chosen& chosen);
void add_extract(CLI::App& backup, Chosen& chosen);
void add_restore(CLI::App& backup, Chosen& chosen);

/// The part of `maintenance` that is done regularly.
void add_upkeep(CLI::App& maintenance, Chosen& chosen);

/// Whether somebody at a terminal types yes, or --yes was given: without either, nothing is to be done.
bool confirmed(Context& context, bool yes);

/// Gives `command` the option --stage.
void add_stage(CLI::App& command, Chosen& chosen);

/// What opens the keys of sealed things: the server's secret, and the former one if it is given.
std::vector<std::string> server_secrets(const config::Config& config);

/// Runs `work` on a database with the current schema, beside a running server or without one: then the
/// private cluster is started for the time of the command. May move BRAINBYTES_DATA in `config` (see
/// db::Home). Returns what `work` returns, or `failed` after saying on stderr why the database cannot be
/// used.
int run_with_database(config::Config& config, const std::function<Task<int>(db::Database&)>& work);

}  // namespace bb::cli
