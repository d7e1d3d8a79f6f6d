#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/installation.hpp"
#include "base/core/json_writer.hpp"
#include "cli/database.hpp"
#include "operations/safety/runs.hpp"

namespace bb::cli {
namespace {

bool on_same_disk(const std::string& a, const std::string& b) {
    struct stat first, second;
    return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 && first.st_dev == second.st_dev;
}

/// What is known of the backups of this installation.
struct Status {
    safety::LastRuns last;
    std::optional<Time> next;  // nothing: a server makes none by itself
};

std::string ago(Time then) {
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(now() - then).count();
    return minutes < 120 ? fmt::format("{} minutes", minutes) : fmt::format("{} hours", minutes / 60);
}

/// How a place stands: what `status` prints of it.
struct Standing {
    bool there = true;
    bool same_disk = false;
    std::uint64_t free = 0;
    std::string words = "away from this machine";
    std::size_t backups = 0;
    std::optional<std::string> fault;  // why nothing is known of it
};

Standing standing_of(const safety::Destination& place, const std::string& data) {
    Standing standing;
    const auto& store = place.store();
    try {
        standing.backups = place.list().size();
    } catch (const std::runtime_error& fault) {
        standing.there = false;
        standing.fault = fault.what();
        standing.words = "cannot be used: " + *standing.fault;
        return standing;
    }
    const auto folder = store.folder();
    if (!folder) return standing;
    standing.there = std::filesystem::exists(*folder);
    standing.same_disk = on_same_disk(*folder, data);
    if (standing.there) standing.free = store.free_bytes().value_or(0);
    standing.words = !standing.there      ? "not there yet"
                     : standing.same_disk ? "on the disk of the data: lost together with it"
                                          : fmt::format("{} MB free", standing.free >> 20);
    return standing;
}

/// Whether all of them can be used.
bool print_places(Context& context, JsonWriter& json, bool as_json) {
    bool good = true;
    json.key("places").array();
    for (const auto& place : app::destinations_of(context.config)) {
        const auto standing = standing_of(place, context.config.text("BRAINBYTES_DATA"));
        good = good && !standing.fault;
        json.object()
            .field("path", place.name())
            .field("backups", std::uint64_t(standing.backups))
            .field("sameDisk", standing.same_disk)
            .field("freeBytes", standing.free)
            .field("fault", standing.fault)
            .end();
        if (!as_json)
            context.out << fmt::format("place\t{}\t{} backups\t{}\n", place.name(), standing.backups,
                                       standing.words);
    }
    json.end();
    return good;
}

void print_runs(Context& context, JsonWriter& json, const Status& status, bool as_json) {
    const auto& [last, next] = status;
    json.key("last");
    if (last.good)
        json.object()
            .field("id", *last.good->backup)
            .field("startedAt", last.good->started_at)
            .field("reason", last.good->reason)
            .field("seconds", last.good->seconds)
            .end();
    else
        json.null();
    json.field("fault", last.any ? last.any->fault : std::nullopt);
    json.key("rpoSeconds");
    if (last.good)
        json.value(std::chrono::duration<double>(now() - last.good->started_at).count());
    else
        json.null();
    json.field("next", next);
    if (as_json) return;
    context.out << (last.good ? fmt::format("last\t{}\t{}\t{}\n", *last.good->backup,
                                            to_rfc3339(last.good->started_at), last.good->reason)
                              : std::string("last\tnone\n"));
    if (last.any && last.any->fault) context.out << fmt::format("fault\t{}\n", *last.any->fault);
    context.out << (last.good ? fmt::format("lost if the machine were lost now\tthe last {}\n",
                                            ago(last.good->started_at))
                              : std::string("lost if the machine were lost now\teverything\n"));
    context.out << (next ? fmt::format("next\t{}\n", to_rfc3339(*next))
                         : std::string("next\tnever by itself (BACKUP_EVERY_HOURS is 0)\n"));
}

int status(Context& context, bool as_json) {
    return with_session(context, [&](db::Session& session) {
        const std::chrono::hours every(context.config.number("BACKUP_EVERY_HOURS"));
        Status status{safety::last_runs(session), std::nullopt};
        if (every.count() > 0) status.next = safety::next_run(status.last, now(), every, 0);
        JsonWriter json;
        json.object();
        print_runs(context, json, status, as_json);
        const bool reached = print_places(context, json, as_json);
        if (as_json) context.out << json.end().take() << '\n';
        const bool late =
            every.count() > 0 && (!status.last.good || now() > status.last.good->started_at + 2 * every);
        return late || !reached ? failed : done;
    });
}

}  // namespace

void add_backup_status(CLI::App& backup, Chosen& chosen) {
    auto* command = backup.add_subcommand("status",
                                          "When the last backup was made and the next is due, and where; "
                                          "exit code 1: none, two missed, or a place "
                                          "that cannot be used");
    add_stage(*command, chosen);
    const auto json = std::make_shared<bool>(false);
    command->add_flag("--json", *json, "Print JSON");
    command->callback([&chosen, json] {
        chosen.action = [json](Context& context) {
            return status(context, *json);
        };
    });
}

}  // namespace bb::cli
