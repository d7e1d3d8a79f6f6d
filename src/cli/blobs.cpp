#include "services/blobs/inventory.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <memory>

#include "base/core/json_writer.hpp"
#include "cli/data.hpp"
#include "cli/database.hpp"
#include "cli/progress.hpp"
#include "features/materials/stored_files.hpp"
#include "services/audit/audit.hpp"
#include "services/blobs/in_use.hpp"

namespace bb::cli {
namespace {

using blobs::Finding;

struct BlobWords {
    std::string to;
    bool json = false;
    blobs::MoveWords move;
};

blobs::Progress shown(std::string_view step) {
    return [step, show = progress_on_terminal()](std::uint64_t read, std::uint64_t total) {
        show(step, read, total);
    };
}

void write_findings(JsonWriter& json, const std::vector<Finding>& findings) {
    json.key("findings").array();
    for (const auto& one : findings)
        json.object()
            .field("kind", blobs::word_of(one.kind))
            .field("file", blobs::name_of(one.file))
            .field("place", one.place)
            .end();
    json.end();
}

void list_findings(Context& context, const std::vector<Finding>& findings) {
    for (const auto& one : findings)
        context.out << fmt::format("{}\t{}\t{}\n", blobs::word_of(one.kind), blobs::name_of(one.file),
                                   one.place);
}

void write_leftovers(JsonWriter& json, const std::vector<blobs::Leftover>& leftovers) {
    json.key("leftovers").array();
    for (const auto& one : leftovers) {
        std::optional<std::int64_t> age;
        if (one.upload.age) age = one.upload.age->count();
        json.object().field("file", one.upload.name).field("place", one.place).field("ageSeconds", age).end();
    }
    json.end();
}

std::string age_of(const blobs::Leftover& one) {
    if (!one.upload.age) return "of unknown age";
    const auto hours = std::chrono::duration_cast<std::chrono::hours>(*one.upload.age).count();
    return hours < 48 ? fmt::format("{} h old", hours) : fmt::format("{} days old", hours / 24);
}

void list_leftovers(Context& context, const std::vector<blobs::Leftover>& leftovers) {
    for (const auto& one : leftovers)
        context.out << fmt::format("leftover\t{}\t{}\t{}\n", one.upload.name, one.place, age_of(one));
}

std::string megabytes(std::uint64_t bytes) {
    return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

/// What to do about the kinds that were found.
void advise(Context& context, const std::vector<Finding>& findings) {
    const auto found = [&](Finding::Kind kind) {
        return std::any_of(findings.begin(), findings.end(),
                           [kind](const auto& one) { return one.kind == kind; });
    };
    if (found(Finding::Kind::missing) || found(Finding::Kind::changed))
        context.err
            << "What is missing or changed is in a backup: brainbytes backup restore, or extract for one "
               "person.\n";
    if (found(Finding::Kind::no_key))
        context.err << "Without the secret that sealed its key no file is opened: give the former one as "
                       "BRAINBYTES_SECRET_BEFORE.\n";
    if (found(Finding::Kind::orphan))
        context.err << "A running server discards orphans within the hour, and erases them 30 days later.\n";
}

Task<int> verify(Context& context, db::Database& db, BlobWords words) {
    KeptData data(context.config, db);
    const auto found =
        co_await blobs::verify_files(db, data.keeping.files, materials::stored_files_sql, shown("verify"));
    if (words.json) {
        JsonWriter json;
        json.object()
            .field("files", found.files)
            .field("bytes", found.bytes)
            .field("waiting", found.waiting)
            .field("faults", found.faults)
            .field("unfinished", found.unfinished);
        write_findings(json, found.findings);
        write_leftovers(json, found.leftovers);
        context.out << json.end().take() << '\n';
    } else {
        list_findings(context, found.findings);
        list_leftovers(context, found.leftovers);
    }
    context.err << fmt::format(
        "{} files, {} read to their end; {} wait to be erased; {} are not as they should be.\n", found.files,
        megabytes(found.bytes), found.waiting, found.faults);
    if (found.unfinished > 0)
        context.err << fmt::format(
            "{} uploads have not ended: a running server ends those that are older than a day.\n",
            found.unfinished);
    advise(context, found.findings);
    co_return found.faults == 0 ? done : failed;
}

/// Why files cannot be moved there now; empty: they can.
Task<std::string> why_not(const BlobWords& words, const config::Config& config, db::Database& db,
                          const blobs::Stores& stores) {
    const bool to_bucket = words.to == "s3";
    if (to_bucket != config.is_set("S3_BUCKET"))
        co_return to_bucket
            ? "New files do not go to a bucket yet. Set S3_BUCKET, restart every server, and begin "
              "again: meanwhile files are read where they are."
            : "New files still go to a bucket. Put its name into S3_BUCKET_BEFORE instead of "
              "S3_BUCKET, restart every server, and begin again: meanwhile files are read where they "
              "are.";
    if (!to_bucket && !config.is_set("S3_BUCKET_BEFORE"))
        co_return "From which bucket? Put its name into S3_BUCKET_BEFORE.";
    if (!words.move.remove || words.move.dry_run) co_return std::string();
    const auto place = stores.current().place();
    const auto others = co_await blobs::servers_elsewhere(db, place);
    if (others.empty()) co_return std::string();
    co_return fmt::format(
        "The server of {} does not store files in {} and would miss those that are removed. Restart it with "
        "the options that this command has, or leave out --remove.",
        fmt::join(others, ", "), place);
}

Task<void> note_move(db::Database& db, const BlobWords& words, const blobs::Moved& moved, bool complete) {
    audit::Entry entry{audit::by_operator(), "files.moved"};
    entry.details = JsonWriter()
                        .object()
                        .field("to", words.to)
                        .field("copied", moved.copied)
                        .field("removed", moved.removed)
                        .field("faults", moved.faults)
                        .field("complete", complete)
                        .end()
                        .take();
    co_await audit::record(db, std::move(entry));
}

void print_moved(Context& context, const BlobWords& words, const blobs::Moved& moved, bool complete,
                 const std::string& place) {
    if (words.json) {
        JsonWriter json;
        json.object()
            .field("dryRun", words.move.dry_run)
            .field("complete", complete)
            .field("to", place)
            .field("copied", moved.copied)
            .field("present", moved.present)
            .field("removed", moved.removed)
            .field("bytes", moved.bytes)
            .field("waiting", moved.waiting)
            .field("faults", moved.faults);
        write_findings(json, moved.findings);
        context.out << json.end().take() << '\n';
    } else {
        list_findings(context, moved.findings);
    }
    context.err << fmt::format("{} files, {}, {} to {}; {} were there already{}.\n", moved.copied,
                               megabytes(moved.bytes), words.move.dry_run ? "would be copied" : "were copied",
                               place, moved.present, words.move.dry_run ? "" : " and were read there");
    if (words.move.remove)
        context.err << fmt::format("{} were removed from where they were.\n", moved.removed);
    else if (!words.move.dry_run)
        context.err << "They are still where they were, too; --remove takes them away there.\n";
    if (moved.waiting > 0)
        context.err << fmt::format(
            "{} deleted files wait there to be erased, which a server does within 30 days{}.\n",
            moved.waiting, words.to == "disk" ? ": keep S3_BUCKET_BEFORE until then" : "");
    if (moved.faults > 0) context.err << fmt::format("{} files could not be moved and stay.\n", moved.faults);
}

Task<int> move(Context& context, db::Database& db, BlobWords words) {
    KeptData data(context.config, db);
    const auto& stores = data.keeping.files.stores();
    const auto refused = co_await why_not(words, context.config, db, stores);
    if (!refused.empty()) co_return context.fail(refused);
    blobs::Moved moved;
    std::exception_ptr fault;
    try {
        co_await blobs::move_files(db, data.keeping.files, materials::stored_files_sql, words.move, moved,
                                   shown("move"));
    } catch (const std::exception&) {
        fault = std::current_exception();
    }
    // What was done until then is told all the same.
    print_moved(context, words, moved, !fault, stores.current().name());
    try {
        if (!words.move.dry_run) co_await note_move(db, words, moved, !fault);
    } catch (const std::exception&) {
        if (!fault) fault = std::current_exception();
    }
    if (fault) std::rethrow_exception(fault);
    co_return moved.faults == 0 ? done : failed;
}

/// Without the database: it is done before the server of this data folder starts for the first time.
int share(Context& context, const std::string& folder) {
    db::Home::enter(context.config, db::say_on_stderr);
    const std::filesystem::path data(context.config.text("BRAINBYTES_DATA"));
    app::share_files(data, folder);
    context.err << fmt::format("The uploaded files of {} are in {}.\n", data.string(), folder);
    return done;
}

}  // namespace

void register_blobs(CLI::App& app, Chosen& chosen) {
    auto* group = app.add_subcommand("blobs", "Uploaded files, on the disk or in a bucket of S3");
    group->require_subcommand(1);
    auto words = std::make_shared<BlobWords>();
    const auto add = [&](const char* name, const char* help,
                         Task<int> (*run)(Context&, db::Database&, BlobWords)) {
        auto* command = group->add_subcommand(name, help);
        add_stage(*command, chosen);
        command->add_flag("--json", words->json, "Print JSON");
        command->callback([&chosen, words, run] {
            chosen.action = [words, run](Context& context) {
                return run_with_database(context.config, [&context, words, run](db::Database& db) {
                    return run(context, db, *words);
                });
            };
        });
        return command;
    };
    add("verify", "Read every uploaded file to its end: find those that are missing or changed, and orphans",
        verify);
    auto* moved = add("move", "Copy uploaded files to where new ones go, and read each there", move);
    moved->add_option("--to", words->to, "Where new files go: s3 (S3_BUCKET) or disk")
        ->required()
        ->check(CLI::IsMember({"s3", "disk"}));
    moved->add_flag("--remove", words->move.remove,
                    "Remove each from where it was after it was read in the new place");
    moved->add_flag("--dry-run", words->move.dry_run, "Only say what would be copied");
    auto* shared = group->add_subcommand(
        "share", "Let the data folder have its uploaded files in a folder that several servers share");
    add_stage(*shared, chosen);
    auto folder = std::make_shared<std::string>();
    shared->add_option("folder", *folder, "The folder; it is made when it is not there")->required();
    shared->callback([&chosen, folder] {
        chosen.action = [folder](Context& context) {
            return share(context, *folder);
        };
    });
}

}  // namespace bb::cli
