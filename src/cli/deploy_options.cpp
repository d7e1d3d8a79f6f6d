#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/deploy.hpp"

namespace bb::cli {

void add_watching(CLI::App& to, DeployWords& words) {
    const auto first = to.get_options().size();
    to.add_option("--bake", words.bake, "Seconds to watch it before it is kept")
        ->check(CLI::Range(0, 86400))
        ->capture_default_str();
    to.add_option("--drain", words.drain, "Seconds that the release before may finish what it has in hand")
        ->check(CLI::Range(0, 86400))
        ->capture_default_str();
    const auto limit = [&to](const char* name, double& value, double most, const char* help) {
        to.add_option(name, value, help)->check(CLI::Range(0.0, most))->capture_default_str();
    };
    limit("--failed-share", words.limits.failed_share, 1, "Share of failed requests that undoes it");
    limit("--refused-share", words.limits.refused_share, 1, "Share of refused sign-ins that undoes it");
    limit("--slower-by", words.limits.slower_by, 3600, "Seconds that p95 may be above that of before");
    limit("--least-requests", words.limits.least_requests, 1e9, "Requests from which on shares count");
    limit("--least-timed", words.limits.least_timed, 1e9, "Requests from which on p95 counts");
    const auto options = to.get_options();
    words.of_a_host.assign(options.begin() + static_cast<std::ptrdiff_t>(first), options.end());
}

void add_hooks(CLI::App& to, DeployWords& words) {
    const auto is_hook = [](const std::string& text) {
        const auto names = deploy::hook_names_of(deploy::steps_of_host());
        const auto name = text.substr(0, text.find('='));
        if (name.size() < text.size() && std::find(names.begin(), names.end(), name) != names.end())
            return std::string();
        return fmt::format("\"{}\" is no hook; these are NAME of NAME=COMMAND: {}", name,
                           fmt::join(names, ", "));
    };
    words.of_a_host.push_back(
        to.add_option("--hook", words.hooks, "NAME=COMMAND: of the shell, run around a step")
            ->allow_extra_args(false)
            ->check(is_hook, "HOOK"));
}

void add_target(CLI::App& to, DeployWords& words) {
    to.add_option("--target", words.target,
                  "hosts, or the service that deploy/aws has made: aws, with --stage")
        ->check(CLI::IsMember({"hosts", "aws"}))
        ->capture_default_str();
}

void add_going_back(CLI::App& to, DeployWords& words) {
    add_hooks(to, words);
    add_target(to, words);
    to.add_option("--to", words.to, "Another kept release");
    to.add_option("--accept-data-loss", words.accepted_minutes,
                  "Minutes of work that may be lost, where the schema or the database has to go back too; "
                  "the refusal names them")
        ->check(CLI::NonNegativeNumber);
    to.add_flag("--no-backup", words.no_backup, "Without a backup before the schema or the data goes back");
    words.of_a_host.push_back(
        to.add_option("--key", words.key,
                      "File with the private key of the backups, where it takes a restore; unset: "
                      "BACKUP_KEY_FILE")
            ->check(CLI::ExistingFile));
    to.add_option("--lock", words.lock, "Also while the lock of this id is in force");
    to.add_flag("--together", words.together,
                "The other hosts on this database go back now, too: wait for their servers to end");
    to.add_flag("--attended", words.attended, "Undo it when no line comes on the input for 15 seconds");
    to.add_flag("--dry-run", words.dry_run, "Only say what would be done");
    to.add_flag("--json", words.json, "Print JSON");
}

}  // namespace bb::cli
