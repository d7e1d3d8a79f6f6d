#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>

#include "app/installation.hpp"
#include "base/core/json_writer.hpp"
#include "cli/backup_log.hpp"
#include "cli/database.hpp"
#include "features/materials/stored_files.hpp"
#include "operations/safety/runs.hpp"

namespace bb::cli {
namespace {

/// How a place stands: what `status` prints of it.
struct Standing {
    bool there = true;
    bool same_disk = false;
    std::uint64_t free = 0;
    std::string words = "away from this machine";
    std::size_t backups = 0, damaged = 0;
    std::optional<Time> newest;        // of those that can be used
    std::optional<std::string> fault;  // why nothing is known of it
};

/// What is known of the backups of this installation.
struct Status {
    safety::LastRuns last;
    std::chrono::seconds every;  // 0: a server makes none by itself
    std::optional<Time> next;    // nothing then
    struct At {
        safety::Destination place;
        PlaceLog log;
        Standing standing;
    };
    std::vector<At> places;
    std::int64_t files_at_risk = 0;  // uploaded since newest_apart(), on the disk of the data

    /// The newest run that made a backup.
    const std::optional<safety::BackupRun>& newest() const {
        const bool logical =
            !last.physical || (last.good && last.good->started_at > last.physical->started_at);
        return logical ? last.good : last.physical;
    }
    /// Of the newest that brings everything back by itself, in seconds: that one may be late.
    std::optional<double> age() const {
        if (!last.good) return std::nullopt;
        return std::chrono::duration<double>(now() - last.good->started_at).count();
    }
    /// How many seconds of work would be lost now with the database, or with the disk that it is on; nothing:
    /// all of it. Only what is in a place counts.
    std::optional<double> rpo(bool with_disk) const {
        std::optional<double> least;
        for (const auto& [place, log, standing] : places) {
            if ((with_disk && standing.same_disk) || !standing.newest) continue;
            const double age = std::chrono::duration<double>(now() - *standing.newest).count();
            for (const auto& seconds : {std::optional(std::max(0.0, age)), log.lag()})
                if (seconds && (!least || *seconds < *least)) least = seconds;
        }
        return least;
    }
    /// When the newest backup was made that outlives the disk of the data. Files are in no log.
    std::optional<Time> newest_apart() const {
        std::optional<Time> newest;
        for (const auto& at : places)
            if (!at.standing.same_disk) newest = std::max(newest, at.standing.newest);
        return newest;
    }
    /// Whether two backups were missed, by what was noted or by what is there.
    bool is_late() const {
        if (every.count() == 0) return false;
        std::optional<Time> newest;
        for (const auto& at : places) newest = std::max(newest, at.standing.newest);
        return safety::is_late(last, every) || !newest || now() > *newest + safety::longest_gap(every);
    }
};

std::string duration(double seconds) {
    if (seconds < 120) return fmt::format("{:.1f} seconds", seconds);
    if (seconds < 7200) return fmt::format("{:.0f} minutes", seconds / 60);
    return fmt::format("{:.0f} hours", seconds / 3600);
}

void look_into(const safety::Destination& place, Standing& standing) {
    const auto backups = place.list();
    standing.backups = backups.size();
    for (const auto& one : backups) {
        standing.damaged += !one.manifest;
        if (one.manifest && one.manifest->created_at <= now() + safety::clock_tolerance)
            standing.newest = one.manifest->created_at;
    }
}

Standing standing_of(const safety::Destination& place, bool beside_data) {
    Standing standing;
    const auto& store = place.store();
    try {
        look_into(place, standing);
    } catch (const std::runtime_error& fault) {
        standing.there = false;
        standing.fault = fault.what();
        standing.words = "cannot be used: " + *standing.fault;
        return standing;
    }
    const auto folder = store.folder();
    if (!folder) return standing;
    standing.there = std::filesystem::exists(*folder);
    standing.same_disk = beside_data;
    if (standing.there) standing.free = store.free_bytes().value_or(0);
    standing.words = !standing.there      ? "not there yet"
                     : standing.same_disk ? "on the disk of the data: lost together with it"
                                          : fmt::format("{} MB free", standing.free >> 20);
    return standing;
}

std::string damaged_words(const Standing& standing) {
    return standing.damaged == 0 ? std::string() : fmt::format(", {} of them damaged", standing.damaged);
}

/// Whether all of them can be used.
bool print_places(Context& context, JsonWriter& json, const Status& status, bool as_json) {
    bool good = true;
    json.key("places").array();
    for (const auto& at : status.places) {
        const auto& [place, log, standing] = at;
        good = good && !standing.fault && standing.damaged == 0;
        json.object()
            .field("path", place.name())
            .field("backups", std::uint64_t(standing.backups))
            .field("damaged", std::uint64_t(standing.damaged))
            .field("newest", standing.newest)
            .field("sameDisk", standing.same_disk)
            .field("freeBytes", standing.free)
            .field("fault", standing.fault);
        write_log(json, log);
        json.end();
        if (!as_json)
            context.out << fmt::format("place\t{}\t{} backups{}\t{}\n", place.name(), standing.backups,
                                       damaged_words(standing), standing.words)
                        << told_log(log, place.name());
    }
    json.end();
    return good;
}

std::string lost_words(const Status& status, bool with_disk) {
    const auto rpo = status.rpo(with_disk);
    if (!rpo) return "everything";
    auto words = "the last " + duration(*rpo);
    if (with_disk && status.files_at_risk > 0)
        words += fmt::format(" and {} uploaded file{} since {}", status.files_at_risk,
                             status.files_at_risk == 1 ? "" : "s", to_rfc3339(*status.newest_apart()));
    return words;
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
    json.field("fault", fault).field("rpoSeconds", status.rpo(false));
    json.field("rpoSecondsWithDisk", status.rpo(true)).field("filesAtRisk", status.files_at_risk);
    json.field("next", status.next);
    json.field("late", status.is_late()).field("ageSeconds", status.age());
    json.field("allowedSeconds", std::int64_t(safety::longest_gap(status.every).count()));
    if (as_json) return;
    context.out << (newest ? fmt::format("last\t{}\t{}\t{}\n", *newest->backup,
                                         to_rfc3339(newest->started_at), newest->reason)
                           : std::string("last\tnone\n"));
    if (fault) context.out << fmt::format("fault\t{}\n", *fault);
    for (const bool with_disk : {false, true})
        context.out << fmt::format("lost if the {} were lost now\t{}\n",
                                   with_disk ? "disk of the data" : "database",
                                   lost_words(status, with_disk));
    context.out << (status.next ? fmt::format("next\t{}\n", to_rfc3339(*status.next))
                                : std::string("next\tnever by itself (BACKUP_EVERY_HOURS is 0)\n"));
}

/// All of them when there is no such moment; none when they are in a bucket.
std::int64_t files_on_disk_since(Context& context, db::Session& session, std::optional<Time> moment) {
    if (context.config.is_set("S3_BUCKET")) return 0;
    return session.query(materials::files_since_sql, moment.value_or(Time{}))[0].get<std::int64_t>(0);
}

int status(Context& context, bool as_json) {
    return with_home(context, [&](db::Home& home) {
        db::Session session(home.conninfo());
        if (!safety::notes_runs(session))
            return context.fail(
                "The database has no schema of this program yet: start the server once, or \"brainbytes db "
                "migrate\".");
        const std::chrono::hours every(context.config.number("BACKUP_EVERY_HOURS"));
        Status status{safety::last_runs(session), every, std::nullopt, {}, 0};
        const auto installation = app::installation_of(context.config, home);
        for (auto& place : app::destinations_of(context.config)) {
            PlaceLog log;
            try {
                log = look_at_log(installation, place);
                if (context.config.number("BACKUP_WAL_DAYS") == 0) log.why_none = "BACKUP_WAL_DAYS is 0";
            } catch (const std::runtime_error&) {
                // What is wrong with the place is told of all that it has.
            }
            auto standing = standing_of(place, app::is_beside_data(context.config, place));
            status.places.push_back({std::move(place), std::move(log), std::move(standing)});
        }
        status.files_at_risk = files_on_disk_since(context, session, status.newest_apart());
        if (every.count() > 0) status.next = safety::next_run(status.last, now(), every, 0);
        JsonWriter json;
        json.object();
        print_runs(context, json, status, as_json);
        const bool reached = print_places(context, json, status, as_json);
        if (as_json) context.out << json.end().take() << '\n';
        return status.is_late() || !reached ? failed : done;
    });
}

}  // namespace

void add_backup_status(CLI::App& backup, Chosen& chosen) {
    auto* command = backup.add_subcommand("status",
                                          "When the last backup was made and the next is due, and where; "
                                          "exit code 1: none, two missed, a damaged "
                                          "one, or a place that cannot be used");
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
