#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "app/installation.hpp"
#include "base/core/json_writer.hpp"
#include "cli/database.hpp"
#include "operations/safety/drill_history.hpp"
#include "operations/safety/recovery_window.hpp"
#include "operations/safety/runs.hpp"

namespace bb::cli {
namespace {

using std::chrono::hours;

/// Something that a server does by itself.
struct Entry {
    const char* what;
    const char* option;  ///< that says how often
    hours every;
    std::optional<Time> last;
    std::optional<Time> next;  ///< nothing: never
};

std::optional<Time> start_of(const std::optional<safety::BackupRun>& run) {
    if (!run) return std::nullopt;
    return run->started_at;
}

bool is_followed(Context& context, const db::Home& home) {
    if (context.config.number("BACKUP_WAL_DAYS") == 0) return true;
    const auto installation = app::installation_of(context.config, home);
    const auto places = app::destinations_of(context.config);
    return std::all_of(places.begin(), places.end(),
                       [&](const auto& place) { return safety::is_followed(installation, place); });
}

/// As a server that starts now would see it.
std::vector<Entry> entries(Context& context, const db::Home& home) {
    db::Session session(home.conninfo());
    const auto last = safety::last_runs(session);
    const auto drills = safety::past_drills(session, 1);
    const auto& config = context.config;
    const hours logical(config.number("BACKUP_EVERY_HOURS"));
    const hours physical(24 * config.number("BACKUP_PHYSICAL_EVERY_DAYS"));
    const hours drill(24 * config.number("DRILL_EVERY_DAYS"));
    std::optional<Time> drilled;
    if (!drills.empty()) drilled = drills[0].started_at;
    std::vector<Entry> list = {
        {"backup", "BACKUP_EVERY_HOURS", logical, start_of(last.good), std::nullopt},
        {"physical backup", "BACKUP_PHYSICAL_EVERY_DAYS", physical, start_of(last.physical), std::nullopt},
        {"drill", "DRILL_EVERY_DAYS", drill, drilled, std::nullopt}};
    if (logical.count() > 0) list[0].next = safety::next_run(last, now(), logical, 0);
    if (physical.count() > 0)
        list[1].next = safety::next_physical(last, is_followed(context, home), now(), physical, 0);
    if (drill.count() > 0) list[2].next = safety::next_drill(drilled, now(), drill, 0);
    return list;
}

int schedule(Context& context, bool as_json) {
    return with_home(context, [&](db::Home& home) {
        JsonWriter json;
        json.object().key("schedule").array();
        for (const auto& one : entries(context, home)) {
            json.object()
                .field("what", one.what)
                .field("everyHours", std::int64_t(one.every.count()))
                .field("last", one.last)
                .field("next", one.next)
                .end();
            if (!as_json)
                context.out << fmt::format("{}\t{}\tlast {}\tnext {}\n", one.what,
                                           one.next ? fmt::format("every {} hours", one.every.count())
                                                    : fmt::format("not by itself ({} is 0)", one.option),
                                           one.last ? to_rfc3339(*one.last) : "never",
                                           one.next ? to_rfc3339(*one.next) : "never");
        }
        if (as_json) context.out << json.end().end().take() << '\n';
        return done;
    });
}

}  // namespace

void add_backup_schedule(CLI::App& backup, Chosen& chosen) {
    auto* command = backup.add_subcommand(
        "schedule", "What a server does by itself: backups and drills, the last and the next");
    add_stage(*command, chosen);
    const auto json = std::make_shared<bool>(false);
    command->add_flag("--json", *json, "Print JSON");
    command->callback([&chosen, json] {
        chosen.action = [json](Context& context) {
            return schedule(context, *json);
        };
    });
}

}  // namespace bb::cli
