#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/installation.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/privileges.hpp"
#include "base/db/found_home.hpp"
#include "cli/database.hpp"
#include "cli/progress.hpp"
#include "operations/safety/base_backup.hpp"
#include "operations/safety/prune.hpp"
#include "operations/safety/runs.hpp"
#include "operations/safety/wal_slot.hpp"

namespace bb::cli {
namespace {

struct BackupWords {
    std::string id;
    std::string place;  // --to, --from
    std::string file;
    std::string method = "logical";
    bool json = false;
    bool dry_run = false;
    bool release = false;
    bool before_restore = false;  ///< of what a restore is about to replace: never the latest
};

/// Backups are made as the account of the data folder, which must be able to go on with what is written here.
void act_as_create(Context& context, const BackupWords& words) {
    const bool in_data = words.place.empty() && !context.config.is_set("BACKUP_TO");
    if (in_data || privileges::is_root()) db::Home::enter(context.config, db::say_on_stderr);
}

bool is_in_data_folder(const Context& context, const std::filesystem::path& file) {
    const auto folder = std::filesystem::absolute(file).lexically_normal().parent_path();
    return folder == db::data_folder(context.config);
}

int keygen(Context& context, const BackupWords& words) {
    if (is_in_data_folder(context, words.file)) db::Home::enter(context.config, db::say_on_stderr);
    const auto key = safety::make_backup_key(words.file);
    context.out << safety::text_of(key) << '\n';
    context.err << fmt::format(
        "{} opens the backups that are sealed to this public key. Keep a copy of the file "
        "away from the machine; there the line \"public\" is enough to make backups.\n",
        words.file);
    return done;
}

void write_created(JsonWriter& json, const safety::Manifest& manifest, const std::string& path) {
    json.object()
        .field("id", manifest.id)
        .field("path", path)
        .field("method", manifest.method)
        .field("createdAt", manifest.created_at)
        .field("reason", manifest.reason)
        .field("bytes", manifest.stored_bytes())
        .field("rows", manifest.row_count())
        .field("files", manifest.files)
        .field("missingFiles", std::uint64_t(manifest.missing_files.size()))
        .field("schema", manifest.schema)
        .field("walPosition", manifest.wal_position)
        .field("seconds", manifest.seconds);
}

void warn_of_missing(Context& context, const safety::Manifest& manifest) {
    if (manifest.missing_files.empty()) return;
    context.err << fmt::format(
        "{} uploaded files that rows name are in no file store, the first is {}. The backup "
        "is made without them.\n",
        manifest.missing_files.size(), manifest.missing_files.front());
}

/// Elsewhere than where a server keeps its log, a physical backup stands for itself.
bool is_with_log(const Context& context, const BackupWords& words, safety::Method method) {
    return method == safety::Method::physical && words.place.empty() &&
           context.config.number("BACKUP_WAL_DAYS") > 0;
}

/// In a place where no server keeps any, it is none that the next one is counted from.
const char* reason_for(const Context& context, const BackupWords& words) {
    if (words.before_restore) return safety::before_restore;
    const bool elsewhere = !words.place.empty() && words.place != context.config.text("BACKUP_TO");
    return elsewhere ? "asked for (elsewhere)" : "asked for";
}

int create(Context& context, const BackupWords& words) {
    const auto configured = app::configured_backup_keys(context.config);
    return with_home(context, [&](db::Home& home) {
        const auto keys = app::keys_to_seal_with(configured, home.data(), db::say_on_stderr);
        const auto places = app::destinations_of(context.config, words.place);
        const auto installation = told_installation(context, home);
        const auto method = words.method == "physical" ? safety::Method::physical : safety::Method::logical;
        const bool with_log = is_with_log(context, words, method);
        if (with_log)
            if (const auto why_not = safety::why_not_physical(installation))
                throw std::runtime_error(*why_not);
        const auto manifest = safety::back_up(installation, places, keys.recipients,
                                              reason_for(context, words), method, with_log);
        const auto path = safety::made_in(places).name() + "/" + manifest.id;
        warn_of_missing(context, manifest);
        if (words.json) {
            JsonWriter json;
            write_created(json, manifest, path);
            context.out << json.end().take() << '\n';
        } else {
            context.out << path << '\n';
            context.err << fmt::format("{} rows and {} files in {:.1f} s, {:.1f} MB.\n", manifest.row_count(),
                                       manifest.files, manifest.seconds,
                                       static_cast<double>(manifest.stored_bytes()) / 1e6);
        }
        return done;
    });
}

/// Works on every place, also where one does not answer: that is told, and makes the command fail.
int each_place(Context& context, const BackupWords& words,
               const std::function<void(const safety::Destination&)>& work) {
    int outcome = done;
    for (const auto& place : app::destinations_of(context.config, words.place)) {
        try {
            work(place);
        } catch (const std::runtime_error& fault) {
            outcome = context.fail(fault.what());
        }
    }
    return outcome;
}

int list(Context& context, const BackupWords& words) {
    JsonWriter json;
    json.object().key("backups").array();
    const int outcome = each_place(context, words, [&](const safety::Destination& place) {
        for (const auto& backup : place.list()) {
            if (!backup.manifest) {
                json.object().field("id", backup.id).field("path", backup.path());
                json.field("fault", backup.fault).end();
                if (!words.json) context.out << fmt::format("{}\tdamaged: {}\n", backup.id, backup.fault);
                continue;
            }
            write_created(json, *backup.manifest, backup.path());
            json.field("held", backup.held).end();
            if (!words.json)
                context.out << fmt::format("{}\t{}\t{}\tschema {}\t{} rows\t{} files\t{:.1f} MB\t{}{}\n",
                                           backup.id, to_rfc3339(backup.manifest->created_at),
                                           backup.manifest->method, backup.manifest->schema,
                                           backup.manifest->row_count(), backup.manifest->files,
                                           static_cast<double>(backup.manifest->stored_bytes()) / 1e6,
                                           backup.manifest->reason, backup.held ? "\theld" : "");
        }
    });
    if (words.json) context.out << json.end().end().take() << '\n';
    return outcome;
}

int prune(Context& context, const BackupWords& words) {
    JsonWriter json;
    const auto days = static_cast<int>(context.config.number("BACKUP_WAL_DAYS"));
    if (!words.dry_run) act_as_create(context, words);
    json.object().field("dryRun", words.dry_run).key("backups").array();
    const int outcome = each_place(context, words, [&](const safety::Destination& place) {
        for (const auto& one : safety::prune(place, now(), days, words.dry_run)) {
            json.object()
                .field("place", place.name())
                .field("id", one.id)
                .field("kept", one.kept)
                .field("why", one.why)
                .end();
            if (!words.json)
                context.out << fmt::format("{}\t{}\t{}\n", one.id,
                                           one.kept        ? "kept"
                                           : words.dry_run ? "would go"
                                                           : "removed",
                                           one.why);
        }
    });
    if (words.json) context.out << json.end().end().take() << '\n';
    return outcome;
}

int hold(Context& context, const BackupWords& words) {
    act_as_create(context, words);
    bool found = false;
    std::optional<Error> missing;
    const int outcome = each_place(context, words, [&](const safety::Destination& place) {
        const auto backup = place.find(words.id);
        if (!backup) return void(missing = backup.error());
        place.hold(*backup, !words.release);
        found = true;
    });
    if (!found && missing) return context.fail(*missing);
    if (outcome == done)
        context.err << (words.release ? "It is pruned when its time comes.\n" : "It is never pruned.\n");
    return outcome;
}

void add_method(CLI::App& command, BackupWords& words) {
    command
        .add_option("--method", words.method,
                    "logical: the content of the database; physical: the files of its server, with which any "
                    "later second can be recovered")
        ->check(CLI::IsMember({"logical", "physical"}))
        ->capture_default_str();
    command.add_flag("--before-restore", words.before_restore)->group("");
}

}  // namespace

void register_backup(CLI::App& app, Chosen& chosen) {
    auto* group = app.add_subcommand("backup", "Backups of database, files and settings, and restoring them");
    group->require_subcommand(1);
    auto words = std::make_shared<BackupWords>();
    const auto add = [&](const char* name, const char* help, int (*run)(Context&, const BackupWords&)) {
        auto* command = group->add_subcommand(name, help);
        add_stage(*command, chosen);
        command->callback([&chosen, words, run] {
            chosen.action = [words, run](Context& context) {
                return run(context, *words);
            };
        });
        return command;
    };
    const auto with_json = [&](CLI::App* command) {
        command->add_flag("--json", words->json, "Print JSON");
        return command;
    };
    const auto with_place = [&](CLI::App* command, const char* option) {
        command->add_option(option, words->place,
                            "Folder or s3://BUCKET/PREFIX of the backups; unset: BACKUP_TO");
        return command;
    };
    add("keygen", "Make the key that opens backups", keygen)
        ->add_option("file", words->file, "File to write (mode 0600)")
        ->required();
    add_method(*with_json(with_place(add("create", "Make a backup now", create), "--to")), *words);
    with_json(with_place(add("list", "List the backups", list), "--from"));
    auto* pruned = with_json(with_place(
        add("prune",
            "Keep 7 days, 4 weeks and 12 months of backups, or what BACKUP_TO says, and remove the others",
            prune),
        "--from"));
    pruned->add_flag("--dry-run", words->dry_run, "Only say what would go, and why");
    auto* held = with_place(add("hold", "Keep a backup from being pruned", hold), "--from");
    held->add_option("id", words->id, "Which")->required();
    held->add_flag("--release", words->release, "No longer");
    add_backup_schedule(*group, chosen);
    add_backup_status(*group, chosen);
    add_backup_verify(*group, chosen);
    add_extract(*group, chosen);
    add_restore(*group, chosen);
}

}  // namespace bb::cli
