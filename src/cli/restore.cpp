#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

#include "app/installation.hpp"
#include "base/core/json_writer.hpp"
#include "base/db/run_once.hpp"
#include "cli/data.hpp"
#include "cli/database.hpp"
#include "cli/progress.hpp"
#include "cli/restore_room.hpp"
#include "cli/restored_settings.hpp"
#include "features/accounts/privacy/erasure.hpp"
#include "operations/safety/drill_history.hpp"
#include "operations/safety/moment.hpp"
#include "operations/safety/restore.hpp"
#include "operations/safety/runs.hpp"
#include "services/audit/audit.hpp"
#include "services/secrets/carry.hpp"

namespace bb::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds longest_wait_for_log{20};

struct RestoreWords {
    std::string id, at;
    std::string put_back;   ///< a database that a restore has put aside
    int newest_schema = 0;  ///< that is brought back though this program does not know it; 0: none
    std::string from, into, key, room;
    bool yes = false, json = false, dry_run = false, no_safety = false, purge = false;
    bool no_settings = false;
};

std::string ago(Time then) {
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(now() - then).count();
    if (minutes < 120) return fmt::format("{} minutes ago", minutes);
    if (minutes < 60 * 48) return fmt::format("{} hours ago", minutes / 60);
    return fmt::format("{} days ago", minutes / 60 / 24);
}

void show(Context& context, const safety::Manifest& manifest, const safety::RestorePlan& plan) {
    context.err << fmt::format("Backup {}, the data of {} ({}), schema {}.\n", manifest.id,
                               to_rfc3339(manifest.created_at), ago(manifest.created_at), manifest.schema);
    if (!plan.erased.empty())
        context.err << fmt::format("{} accounts that were erased since are erased in it again.\n",
                                   plan.erased.size());
    if (plan.empty) return void(context.err << "There is no data here yet: nothing is replaced.\n");
    if (!plan.fault.empty()) context.err << fmt::format("The live database is damaged: {}\n", plan.fault);
    context.err << "It takes the place of the live database. What was written since is lost";
    if (plan.last_write) context.err << fmt::format(", the last of it at {}", to_rfc3339(*plan.last_write));
    context.err << ".\n";
    for (const auto& change : plan.changes)
        context.err << fmt::format("  {}: {} rows now, {} in the backup\n", change.table, change.live,
                                   change.restored);
}

/// The same for scripts.
std::string json_of(const safety::Manifest& manifest, const safety::RestorePlan& plan) {
    JsonWriter json;
    json.object()
        .field("id", manifest.id)
        .field("method", manifest.method)
        .field("of", manifest.created_at)
        .field("schema", manifest.schema)
        .field("empty", plan.empty)
        .field("lastWrite", plan.last_write)
        .field("erasedAgain", std::uint64_t(plan.erased.size()))
        .field("fault", plan.fault.empty() ? std::nullopt : std::optional(plan.fault))
        .key("changes")
        .array();
    for (const auto& change : plan.changes)
        json.object()
            .field("table", change.table)
            .field("live", change.live)
            .field("restored", change.restored)
            .end();
    return json.end().end().take();
}

/// Copies it from the live database; what cannot be read of a damaged one is told.
void carry(Context& context, const char* what, db::Session& live, db::Session& restored,
           void (*copy)(db::Session&, db::Session&)) {
    try {
        copy(live, restored);
    } catch (const db::SqlError& damage) {
        context.err << fmt::format("The {} of now are not carried over: {}\n", what, damage.what());
    }
}

/// What must outlive a restore: keys that a running server seals with, what the installation remembers of its
/// own safety, and erasures.
safety::Settle settle_with(Context& context, const std::string& live) {
    return [&context, live](const std::string& conninfo, const safety::Erased& erased) {
        {
            db::Session from(live);
            db::Session to(conninfo);
            carry(context, "keys", from, to, secrets::carry_keys);
            carry(context, "drills", from, to, safety::carry_drills);
            carry(context, "runs of backups", from, to, safety::carry_runs);
        }
        if (erased.empty()) return;
        db::run_once(conninfo, [&](db::Database& db) -> Task<void> {
            KeptData data(context.config, db);
            for (const auto& id : erased) {
                const accounts::UserId person{id};
                co_await accounts::erase_again(data.keeping, person, audit::by_operator());
            }
        });
    };
}

void note(const std::string& conninfo, const safety::Manifest& manifest) {
    db::run_once(conninfo, [&](db::Database& db) -> Task<void> {
        audit::Entry entry{audit::by_operator(), "backup.restored"};
        entry.details =
            JsonWriter().object().field("backup", manifest.id).field("of", manifest.created_at).end().take();
        co_await audit::record(db, std::move(entry));
    });
}

void print(Context& context, const RestoreWords& words, const safety::Manifest& manifest,
           const safety::Restored& restored, const std::string& safety_backup,
           const app::SettingsPlaces* settings) {
    if (words.json) {
        JsonWriter json;
        json.object()
            .field("id", manifest.id)
            .field("method", manifest.method)
            .field("of", manifest.created_at)
            .field("rows", restored.rows)
            .field("newestRow", restored.newest_row)
            .field("files", restored.files)
            .field("missingFiles", restored.missing_files)
            .field("erasedAgain", std::uint64_t(restored.erased))
            .field("formerDatabase", restored.former_database)
            .field("safetyBackup", safety_backup)
            .field("seconds", restored.seconds)
            .field("secondsAway", restored.seconds_away)
            .field("settings", restored.settings.string());
        json.key("settingsPlaced").array();
        if (settings)
            for (const auto& one : settings->placed()) json.value(one.file.string());
        json.end();
        context.out << json.end().take() << '\n';
        return;
    }
    context.out << manifest.id << '\n';
    if (restored.missing_files > 0)
        context.err << fmt::format(
            "{} uploaded files that rows name were found neither in the backups of about then nor here.\n",
            restored.missing_files);
    context.err << fmt::format("Restored in {:.1f} s; for {:.2f} s nobody could reach the database.\n",
                               restored.seconds, restored.seconds_away);
    if (!restored.former_database.empty())
        context.err << fmt::format(
            "The former database is kept as {}; \"brainbytes backup restore --purge\" "
            "drops it.\n",
            restored.former_database);
    tell_settings(context.err, restored.settings, settings);
}

/// Those whom a database that was put aside may still have.
safety::Erased erased_by_now(Context& context, const RestoreWords& words, const db::Home& home) {
    auto erased = safety::erased_beside(app::destinations_of(context.config, words.from).front());
    try {
        db::Session live(home.conninfo());
        erased.merge(safety::erased_in(live));
    } catch (const db::SqlError& damage) {
        context.err << fmt::format("The live database is damaged: {}\n", damage.what());
    }
    return erased;
}

int put_back(Context& context, const RestoreWords& words, db::Home& home) {
    const auto installation = told_installation(context, home);
    context.err << fmt::format("{} takes the place of the live database, which is kept like it.\n",
                               words.put_back);
    if (words.dry_run || !confirmed(context, words.yes)) return words.dry_run ? done : failed;
    context.out << safety::put_back_former(installation, words.put_back, erased_by_now(context, words, home),
                                           settle_with(context, home.conninfo()))
                << '\n';
    return done;
}

int purge(Context& context, const RestoreWords& words, db::Home& home) {
    const auto installation = told_installation(context, home);
    const auto names = safety::former_databases(installation);
    for (const auto& name : names) context.out << name << '\n';
    if (names.empty()) {
        context.err << "No former database is kept.\n";
        return done;
    }
    if (words.dry_run || !confirmed(context, words.yes)) return words.dry_run ? done : failed;
    const auto released = safety::purge_former(installation, names);
    context.err << fmt::format("Dropped, and {} uploaded files erased that nothing else names.\n",
                               released.erased);
    if (released.left > 0)
        context.err << fmt::format(
            "{} more were stored within the last hour: the server erases them in 30 "
            "days.\n",
            released.left);
    return done;
}

/// What is read before --into may point elsewhere.
struct From {
    safety::Destination place;
    safety::StoredBackup backup;
    safety::RecoveryGoal goal;
    safety::BackupKeys keys;
    std::optional<safety::BackupKeys> configured;
};

/// Id of a backup of what is there.
std::string back_up_first(Context& context, const From& from, const safety::Installation& installation,
                          const db::Home& home) {
    const auto keys = app::keys_to_seal_with(from.configured, home.data(), db::say_on_stderr);
    try {
        const auto id =
            safety::back_up(installation, {from.place}, keys.recipients, safety::before_restore).id;
        context.err << fmt::format("What is there now is in the backup {}.\n", id);
        return id;
    } catch (const std::exception&) {
        context.err
            << "What is there now cannot be backed up, and nothing was changed. If it is worth nothing, add "
               "--no-safety.\n";
        throw;
    }
}

int restore_in(Context& context, const RestoreWords& words, const From& from, db::Home& home,
               app::SettingsPlaces* settings) {
    auto installation = told_installation(context, home);
    if (settings)
        installation.put_setting = [settings](const std::string& name, std::string_view text) {
            return settings->put(name, text);
        };
    const auto source = safety::prepare_source(installation, from.place, from.backup, from.keys, from.goal);
    const auto& manifest = *source.backup.manifest;
    const auto plan = safety::plan_restore(installation, from.place, manifest, words.newest_schema);
    if (!from.backup.passed_over.empty())
        context.err << fmt::format("Newer, and damaged: {}.\n", from.backup.passed_over);
    show(context, manifest, plan);
    if (words.dry_run && words.json) context.out << json_of(manifest, plan) << '\n';
    if (words.dry_run) return done;
    if (!plan.empty && !confirmed(context, words.yes)) return failed;
    std::string safety_backup;
    if (!plan.empty && !words.no_safety) safety_backup = back_up_first(context, from, installation, home);
    const auto restored =
        safety::restore_backup(installation, source, plan, settle_with(context, home.conninfo()));
    note(home.conninfo(), manifest);
    print(context, words, manifest, restored, safety_backup, settings);
    return done;
}

void point_at(config::Config& config, const std::string& into) {
    if (into.empty()) return;
    const bool is_url = into.find("://") != std::string::npos;
    config.set("DATABASE_URL", is_url ? into : std::string(), "--into");
    if (is_url) return;
    // Another data folder is another installation: its files must not mix with those of this one's bucket.
    for (const auto* name : {"S3_BUCKET", "S3_BUCKET_BEFORE"}) config.set(name, {}, "--into");
    config.set("BRAINBYTES_DATA", into, "--into");
}

bool is_recent(Time at, Time seen_from) {
    return at <= seen_from && seen_from - at < std::chrono::minutes(1);
}

/// The window that a moment lies in; without one, that which goes on longest. A moment that has just passed,
/// and the last one of a log that goes on, are waited for: the log is a second behind.
Result<safety::RecoveryWindow> find_window(Context& context, const safety::Destination& place,
                                           std::optional<Time> at) {
    const auto asked = now();
    for (bool told = false;; told = true) {
        auto window = safety::window_for(safety::recovery_windows(place), at, place.name());
        const auto reached = window ? window->to : asked;
        const bool may_come = at ? !window && is_recent(*at, asked) : window && is_recent(reached, asked);
        if (!may_come || now() > asked + longest_wait_for_log) return window;
        if (!told)
            context.err << fmt::format("Waiting up to {} s for the last of the log.\n",
                                       longest_wait_for_log.count());
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
}

/// The backup, and to which moment it is recovered.
Result<From> find_source(Context& context, const RestoreWords& words) {
    From from{app::destinations_of(context.config, words.from).front(), {}, {}, {}, {}};
    if (words.at.empty()) {
        auto backup = from.place.find(words.id);
        if (!backup) return backup.error();
        from.backup = std::move(*backup);
    } else {
        if (words.at != "latest") from.goal.at = safety::parse_moment(words.at);
        if (words.at != "latest" && !from.goal.at)
            return Error(
                ErrorCode::invalid_input,
                fmt::format("{} is no time. Give one as 2026-11-26T10:00:00Z, or \"latest\".", words.at));
        auto window = find_window(context, from.place, from.goal.at);
        if (!window) return window.error();
        from.backup = window->base;
        from.goal.window = std::move(*window);
    }
    from.keys = app::backup_keys_of(context.config, words.key);
    from.configured = app::configured_backup_keys(context.config);
    safety::open_backup(from.backup, from.keys);
    return from;
}

int restore(Context& context, const RestoreWords& words) {
    if (words.purge) return with_home(context, [&](db::Home& home) { return purge(context, words, home); });
    if (!words.put_back.empty())
        return with_home(context, [&](db::Home& home) { return put_back(context, words, home); });
    if (words.id.empty() == words.at.empty())
        return context.fail("Which backup? Give its id, or \"latest\", or a moment with --at.");
    const auto from = find_source(context, words);
    if (!from) return context.fail(from.error());
    point_at(context.config, words.into);
    std::optional<app::SettingsPlaces> settings;
    if (!words.no_settings && !words.dry_run) settings.emplace(context.config, !words.into.empty());
    const Room room(context.config, words.room);
    return with_home(context, [&](db::Home& home) {
        return restore_in(context, words, *from, home, settings ? &*settings : nullptr);
    });
}

}  // namespace

void add_restore(CLI::App& backup, Chosen& chosen) {
    auto* command = backup.add_subcommand("restore", "Bring a backup back, also onto an empty machine");
    add_stage(*command, chosen);
    auto words = std::make_shared<RestoreWords>();
    command->add_option("id", words->id, "Which, or \"latest\"");
    command->add_option(
        "--at", words->at,
        "Any second of the last days instead (2026-11-26T10:00:00Z), or \"latest\": by a physical "
        "backup and the log since");
    command->add_option("--from", words->from,
                        "Folder or s3://BUCKET/PREFIX of the backups; unset: BACKUP_TO");
    auto* into = command->add_option("--into", words->into, "Data folder or database URL to restore into");
    command->add_option("--key", words->key,
                        "File with the private key, or - for standard input; unset: BACKUP_KEY_FILE");
    command
        ->add_option("--room", words->room,
                     "New folder to unpack in instead of the data folder, such as beside the uploaded files")
        ->excludes(into);
    command->add_flag("--yes", words->yes, "Do not ask");
    command->add_flag("--json", words->json, "Print JSON");
    command->add_flag("--dry-run", words->dry_run, "Only say what would be replaced");
    command->add_flag("--no-safety", words->no_safety, "Make no backup of what is there now");
    command->add_flag("--no-settings", words->no_settings,
                      "Put no settings of the backup in place on an empty machine: lay all of them beside");
    command->add_option("--put-back", words->put_back,
                        "A database that a restore has put aside takes the place of the live one again");
    command->add_option("--newest-schema", words->newest_schema)->group("");
    command->add_flag(
        "--purge", words->purge,
        "Drop the databases that restores have put aside, with uploaded files that they alone name");
    command->callback([&chosen, words] {
        chosen.action = [words](Context& context) {
            return restore(context, *words);
        };
    });
}

}  // namespace bb::cli
