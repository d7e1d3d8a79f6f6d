#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/installation.hpp"
#include "base/core/json_writer.hpp"
#include "cli/backup_log.hpp"
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
    struct At {
        safety::Destination place;
        PlaceLog log;
    };
    std::vector<At> places;

    /// The newest run that made a backup.
    const std::optional<safety::BackupRun>& newest() const {
        const bool logical =
            !last.physical || (last.good && last.good->started_at > last.physical->started_at);
        return logical ? last.good : last.physical;
    }
    /// How many seconds of work would be lost with the machine now; nothing: all of it.
    std::optional<double> rpo() const {
        std::optional<double> least;
        if (newest()) least = std::chrono::duration<double>(now() - newest()->started_at).count();
        for (const auto& [place, log] : places)
            if (const auto lag = log.lag(); lag && (!least || *lag < *least)) least = lag;
        return least;
    }
};

std::string duration(double seconds) {
    if (seconds < 120) return fmt::format("{:.1f} seconds", seconds);
    if (seconds < 7200) return fmt::format("{:.0f} minutes", seconds / 60);
    return fmt::format("{:.0f} hours", seconds / 3600);
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
bool print_places(Context& context, JsonWriter& json, const Status& status, bool as_json) {
    bool good = true;
    json.key("places").array();
    for (const auto& [place, log] : status.places) {
        const auto standing = standing_of(place, context.config.text("BRAINBYTES_DATA"));
        good = good && !standing.fault;
        json.object()
            .field("path", place.name())
            .field("backups", std::uint64_t(standing.backups))
            .field("sameDisk", standing.same_disk)
            .field("freeBytes", standing.free)
            .field("fault", standing.fault);
        write_log(json, log);
        json.end();
        if (!as_json)
            context.out << fmt::format("place\t{}\t{} backups\t{}\n", place.name(), standing.backups,
                                       standing.words)
                        << told_log(log, place.name());
    }
    json.end();
    return good;
}

void print_runs(Context& context, JsonWriter& json, const Status& status, bool as_json) {
    const auto& newest = status.newest();
    const auto& fault = status.last.any ? status.last.any->fault : std::nullopt;
    json.key("last");
    if (newest)
        json.object()
            .field("id", *newest->backup)
            .field("startedAt", newest->started_at)
            .field("reason", newest->reason)
            .field("seconds", newest->seconds)
            .end();
    else
        json.null();
    json.field("fault", fault).field("rpoSeconds", status.rpo()).field("next", status.next);
    if (as_json) return;
    context.out << (newest ? fmt::format("last\t{}\t{}\t{}\n", *newest->backup,
                                         to_rfc3339(newest->started_at), newest->reason)
                           : std::string("last\tnone\n"));
    if (fault) context.out << fmt::format("fault\t{}\n", *fault);
    const auto rpo = status.rpo();
    context.out << (rpo ? fmt::format("lost if the machine were lost now\tthe last {}\n", duration(*rpo))
                        : std::string("lost if the machine were lost now\teverything\n"));
    context.out << (status.next ? fmt::format("next\t{}\n", to_rfc3339(*status.next))
                                : std::string("next\tnever by itself (BACKUP_EVERY_HOURS is 0)\n"));
}

int status(Context& context, bool as_json) {
    return with_home(context, [&](db::Home& home) {
        db::Session session(home.conninfo());
        const std::chrono::hours every(context.config.number("BACKUP_EVERY_HOURS"));
        Status status{safety::last_runs(session), std::nullopt, {}};
        const auto installation = app::installation_of(context.config, home);
        for (auto& place : app::destinations_of(context.config)) {
            PlaceLog log;
            try {
                log = look_at_log(installation, place);
            } catch (const std::runtime_error&) {
                // What is wrong with the place is told of all that it has.
            }
            status.places.push_back({std::move(place), std::move(log)});
        }
        if (every.count() > 0) status.next = safety::next_run(status.last, now(), every, 0);
        JsonWriter json;
        json.object();
        print_runs(context, json, status, as_json);
        const bool reached = print_places(context, json, status, as_json);
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
