#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <memory>

#include "app/installation.hpp"
#include "base/core/json_writer.hpp"
#include "base/db/run_once.hpp"
#include "cli/data.hpp"
#include "cli/database.hpp"
#include "cli/progress.hpp"
#include "features/accounts/privacy/erasure.hpp"
#include "operations/safety/restore.hpp"
#include "operations/safety/runs.hpp"
#include "services/audit/audit.hpp"
#include "services/secrets/carry.hpp"

namespace bb::cli {
namespace {

struct Words {
    std::string id;
    std::string from, into, key;
    bool yes = false, json = false, dry_run = false, no_safety = false, purge = false;
};

std::string ago(Time then) {
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(now() - then).count();
    if (minutes < 120) return fmt::format("{} minutes ago", minutes);
    if (minutes < 60 * 48) return fmt::format("{} hours ago", minutes / 60);
    return fmt::format("{} days ago", minutes / 60 / 24);
}

void show(Context& context, const safety::Manifest& manifest, const safety::RestorePlan& plan) {
    context.err << fmt::format("Backup {} of {} ({}), schema {}.\n", manifest.id,
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

/// What must outlive a restore: keys that a running server seals with, and erasures.
safety::Settle settle_with(Context& context, const std::string& live) {
    return [&context, live](const std::string& conninfo, const safety::Erased& erased) {
        try {
            db::Session from(live);
            db::Session to(conninfo);
            secrets::carry_keys(from, to);
        } catch (const db::SqlError& damage) {
            context.err << fmt::format("The keys of now are not carried over: {}\n", damage.what());
        }
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

void print(Context& context, const Words& words, const safety::Manifest& manifest,
           const safety::Restored& restored, const std::string& safety_backup) {
    if (words.json) {
        JsonWriter json;
        json.object()
            .field("id", manifest.id)
            .field("of", manifest.created_at)
            .field("files", restored.files)
            .field("erasedAgain", std::uint64_t(restored.erased))
            .field("formerDatabase", restored.former_database)
            .field("safetyBackup", safety_backup)
            .field("seconds", restored.seconds)
            .field("secondsAway", restored.seconds_away);
        context.out << json.end().take() << '\n';
        return;
    }
    context.out << manifest.id << '\n';
    context.err << fmt::format("Restored in {:.1f} s; for {:.2f} s nobody could reach the database.\n",
                               restored.seconds, restored.seconds_away);
    if (!restored.former_database.empty())
        context.err << fmt::format(
            "The former database is kept as {}; \"brainbytes backup restore --purge\" "
            "drops it.\n",
            restored.former_database);
    if (!restored.settings.empty())
        context.err << fmt::format("The settings of the backup are in {}.\n", restored.settings.string());
}

int purge(Context& context, const Words& words, db::Home& home) {
    const auto installation = told_installation(context, home);
    const auto names = safety::former_databases(installation);
    for (const auto& name : names) context.out << name << '\n';
    if (names.empty()) {
        context.err << "No former database is kept.\n";
        return done;
    }
    if (words.dry_run || !confirmed(context, words.yes)) return words.dry_run ? done : failed;
    safety::purge_former(installation, names);
    context.err << "Dropped.\n";
    return done;
}

/// What is read before --into may point elsewhere.
struct Source {
    safety::Destination place;
    safety::StoredBackup backup;
    secrets::Key key;
    std::optional<safety::BackupKeys> configured;
};

/// Id of a backup of what is there.
std::string back_up_first(Context& context, const Source& source, const safety::Installation& installation,
                          const db::Home& home) {
    const auto keys = app::keys_to_seal_with(source.configured, home.data(), db::say_on_stderr);
    try {
        const auto id = safety::back_up(installation, {source.place}, keys.recipients, "before restore").id;
        context.err << fmt::format("What is there now is in the backup {}.\n", id);
        return id;
    } catch (const std::exception&) {
        context.err
            << "What is there now cannot be backed up, and nothing was changed. If it is worth nothing, add "
               "--no-safety.\n";
        throw;
    }
}

int restore_in(Context& context, const Words& words, const Source& source, db::Home& home) {
    const auto installation = told_installation(context, home);
    const auto& manifest = *source.backup.manifest;
    const auto plan = safety::plan_restore(installation, source.place, manifest);
    show(context, manifest, plan);
    if (words.dry_run) return done;
    if (!plan.empty && !confirmed(context, words.yes)) return failed;
    std::string safety_backup;
    if (!plan.empty && !words.no_safety) safety_backup = back_up_first(context, source, installation, home);
    const auto restored = safety::restore_backup(installation, source.backup, source.key, plan,
                                                 settle_with(context, home.conninfo()));
    note(home.conninfo(), manifest);
    print(context, words, manifest, restored, safety_backup);
    return done;
}

void point_at(config::Config& config, const std::string& into) {
    if (into.empty()) return;
    const bool is_url = into.find("://") != std::string::npos;
    config.set("DATABASE_URL", is_url ? into : std::string(), "--into");
    if (!is_url) config.set("BRAINBYTES_DATA", into, "--into");
}

int restore(Context& context, const Words& words) {
    if (words.purge) return with_home(context, [&](db::Home& home) { return purge(context, words, home); });
    if (words.id.empty()) return context.fail("Which backup? Give its id, or \"latest\".");
    const auto place = app::destinations_of(context.config, words.from).front();
    const auto backup = place.find(words.id);
    if (!backup) return context.fail(backup.error());
    const Source source{place, *backup,
                        safety::open_backup(*backup, app::backup_keys_of(context.config, words.key)),
                        app::configured_backup_keys(context.config)};
    point_at(context.config, words.into);
    return with_home(context, [&](db::Home& home) { return restore_in(context, words, source, home); });
}

}  // namespace

void add_restore(CLI::App& backup, Chosen& chosen) {
    auto* command = backup.add_subcommand("restore", "Bring a backup back, also onto an empty machine");
    add_stage(*command, chosen);
    auto words = std::make_shared<Words>();
    command->add_option("id", words->id, "Which, or \"latest\"");
    command->add_option("--from", words->from,
                        "Folder or s3://BUCKET/PREFIX of the backups; unset: BACKUP_TO");
    command->add_option("--into", words->into, "Data folder or database URL to restore into");
    command->add_option("--key", words->key, "File with the private key; unset: BACKUP_KEY_FILE");
    command->add_flag("--yes", words->yes, "Do not ask");
    command->add_flag("--json", words->json, "Print JSON");
    command->add_flag("--dry-run", words->dry_run, "Only say what would be replaced");
    command->add_flag("--no-safety", words->no_safety, "Make no backup of what is there now");
    command->add_flag("--purge", words->purge, "Drop the databases that restores have put aside");
    command->callback([&chosen, words] {
        chosen.action = [words](Context& context) {
            return restore(context, *words);
        };
    });
}

}  // namespace bb::cli
