#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "app/installation.hpp"
#include "base/core/json_writer.hpp"
#include "cli/database.hpp"
#include "cli/progress.hpp"
#include "operations/safety/check.hpp"
#include "operations/safety/hold_drill.hpp"
#include "operations/safety/loaded_backup.hpp"
#include "operations/safety/restore.hpp"

namespace bb::cli {
namespace {

struct BackupVerifyWords {
    std::string id = "latest";
    std::string from, key;
    bool restore = false;
};

/// What is read before the process gives up root.
struct From {
    safety::Destination place;
    safety::StoredBackup backup;
    safety::BackupKeys keys;
    safety::RecoveryGoal goal;
};

/// A physical backup is tried with all of the log that follows it.
std::optional<safety::RecoveryWindow> window_of(const safety::Destination& place,
                                                const safety::StoredBackup& backup) {
    if (!backup.manifest->wal) return std::nullopt;
    for (auto& window : safety::recovery_windows(place))
        if (window.base.id == backup.id) return std::move(window);
    return std::nullopt;
}

/// Brings the backup back beside what is live, where it goes again.
int try_restore(Context& context, const From& from, db::Home& home) {
    const auto started = std::chrono::steady_clock::now();
    const auto installation = told_installation(context, home);
    const auto source = safety::prepare_source(installation, from.place, from.backup, from.keys, from.goal);
    std::uint64_t files = 0, missing = 0;
    safety::use_aside(installation, source, [&](safety::LoadedBackup& loaded) {
        files = loaded.files().count();
        missing = loaded.count_missing_files();
    });
    const auto& manifest = *source.backup.manifest;
    const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    context.err << fmt::format(
        "It was restored in a throw-away place in {:.1f} s: the data of {}, {} rows in {} tables, {} "
        "uploaded files",
        seconds, to_rfc3339(manifest.created_at), manifest.row_count(), manifest.rows.size(), files);
    context.err << (missing == 0 ? std::string(".\n")
                                 : fmt::format(", and {} more that are not in it.\n", missing));
    return done;
}

/// On an empty machine in a folder: the server is started there, somebody signs in and asks the tutor.
int try_whole_host(Context& context, const From& from, db::Home& home) {
    const auto result =
        safety::hold_drill(told_installation(context, home), *safety::find_scenario("lost-host"), from.place,
                           from.backup, from.keys, false);
    for (const auto& check : result.checks)
        context.err << fmt::format("{}: {}, {}\n", check.good ? "good" : "FAILED", check.name, check.detail);
    return result.good() ? done : failed;
}

/// A named one may be missing where others have it: places keep their own numbers.
void tell_missing(Context& context, const std::vector<Error>& missing, bool may_be, int& outcome) {
    for (const auto& error : missing) {
        if (may_be && error.code == ErrorCode::not_found)
            context.err << error.detail << '\n';
        else
            outcome = context.fail(error);
    }
}

/// One in each place.
std::vector<From> look_for(Context& context, const BackupVerifyWords& words, int& outcome) {
    std::vector<From> found;
    std::vector<Error> missing;
    for (const auto& place : app::destinations_of(context.config, words.from)) {
        try {
            auto backup = place.find_to_check(words.id);
            if (!backup)
                missing.push_back(backup.error());
            else if (!backup->passed_over.empty())
                outcome = context.fail(fmt::format(
                    "The newest backup in {} is damaged ({}). Whole is {}: name it to have it read.",
                    place.name(), backup->passed_over, backup->id));
            else
                found.push_back(From{place, std::move(*backup), {}, {}});
        } catch (const std::runtime_error& fault) {
            outcome = context.fail(fault.what());
        }
    }
    tell_missing(context, missing, words.id != "latest" && !found.empty(), outcome);
    return found;
}

/// Reads every byte of a backup, and of the log that follows it.
void read_back(Context& context, From& from) {
    std::optional<secrets::Key> key;
    if (!from.keys.identities.empty()) key = safety::open_backup(from.backup, from.keys);
    safety::check_and_mark(from.place, from.backup, key);
    from.goal.window = window_of(from.place, from.backup);
    std::size_t segments = 0;
    if (from.goal.window && key) segments = safety::check_log(from.place, *from.goal.window, from.keys);
    context.out << from.backup.id << '\n';
    context.err << fmt::format("{}: Every byte was read{} as it was written.{}\n", from.backup.path(),
                               key ? ", opened and is" : " and is",
                               key ? "" : " There is no private key here: nothing was opened.");
    if (segments > 0)
        context.err << fmt::format("The log that follows goes to {} without a gap ({} segments).\n",
                                   to_rfc3339(from.goal.window->to), segments);
}

int verify(Context& context, const BackupVerifyWords& words) {
    int outcome = done;
    auto found = look_for(context, words, outcome);
    if (found.empty()) return failed;
    const auto keys = app::backup_keys_of(context.config, words.key);
    if (words.restore && keys.identities.empty())
        return context.fail("A restore takes the private key: --key FILE.");
    for (auto& from : found) {
        from.keys = keys;
        try {
            read_back(context, from);
        } catch (const std::runtime_error& fault) {
            outcome = context.fail(fmt::format("{}: {}", from.backup.path(), fault.what()));
        }
    }
    if (!words.restore || outcome != done) return outcome;
    return with_ready_home(context, [&](db::Home& home) {
        const int tried = try_restore(context, found.front(), home);
        return tried == done ? try_whole_host(context, found.front(), home) : tried;
    });
}

}  // namespace

void add_backup_verify(CLI::App& backup, Chosen& chosen) {
    auto* command = backup.add_subcommand("verify", "Read every byte of a backup back, in each place");
    add_stage(*command, chosen);
    auto words = std::make_shared<BackupVerifyWords>();
    command->add_option("id", words->id, "Which; unset: the newest")->default_val("latest");
    command->add_option("--from", words->from,
                        "Folder or s3://BUCKET/PREFIX of the backups; unset: each place of BACKUP_TO");
    command->add_option("--key", words->key, "File with the private key; unset: BACKUP_KEY_FILE");
    command->add_flag("--restore", words->restore,
                      "Bring it back in a throw-away place too, from the first, start the server there, sign "
                      "in and ask");
    command->callback([&chosen, words] {
        chosen.action = [words](Context& context) {
            return verify(context, *words);
        };
    });
}

}  // namespace bb::cli
