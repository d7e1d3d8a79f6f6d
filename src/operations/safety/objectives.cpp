#include "operations/safety/objectives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace bb::safety {
namespace {

constexpr double a_minute = 60, an_hour = 3600, a_day = 24 * an_hour;
using Of = Objective::Of;
constexpr Objective application_row{Of::application, "application", 30 * a_minute, 5 * a_minute};
constexpr Objective database_row{Of::database, "database", an_hour, a_day};
constexpr Objective dns_row{Of::name, "DNS", 15 * a_minute, std::nullopt};
constexpr Objective system_row{Of::whole, "full system", 4 * an_hour, a_day};
constexpr Scenario::Goals by_the_log{5 * a_minute, 5};

constexpr Scenario::Goals goals_of(const Objective& row) {
    return {row.rto_seconds, row.rpo_seconds.value_or(a_day)};
}

double time_of(const Objective& row, const Measured& measured) {
    switch (row.of) {
        case Of::application:
            return measured.answer - measured.data;
        case Of::database:
            return measured.data;
        case Of::name:
        case Of::whole:
            break;
    }
    return measured.whole;
}

std::vector<Scenario> all_scenarios() {
    const auto of = [](std::string_view called, std::string_view help, std::vector<Objective> rows,
                       std::optional<Scenario::Goals> with_log = std::nullopt) {
        const auto goals = goals_of(rows.front());
        return Scenario{called, help, goals, with_log.value_or(goals), std::move(rows)};
    };
    return {
        of("lost-application", "The power went while people worked: program and database have to start again",
           {application_row}),
        of("lost-database", "The database is gone, everything else is there", {database_row, application_row},
           by_the_log),
        of("lost-host", "There is an empty machine, the backups and the key",
           {system_row, database_row, application_row}),
        of("bad-migration", "Somebody changed the schema and the data of the live database",
           {database_row, application_row}, by_the_log),
        of("deleted-files", "The uploaded files are gone", {database_row, application_row}),
        of("ransomware", "Everything on the machine is written over, and a copy of the backups with it",
           {system_row, database_row, application_row}),
        of("region-lost", "The region is gone; another one has the backups and the key, and gets the name",
           {dns_row, system_row, database_row, application_row}),
    };
}

}  // namespace

const std::vector<Scenario>& scenarios() {
    static const std::vector<Scenario> all = all_scenarios();
    return all;
}

const Scenario* find_scenario(std::string_view wanted) {
    for (const auto& one : scenarios())
        if (one.name == wanted) return &one;
    return nullptr;
}

DrillCheck compare(const Objective& row, const Measured& measured) {
    const double time = time_of(row, measured);
    DrillCheck check{std::string(row.title), time <= row.rto_seconds, {}};
    check.detail = fmt::format("back in {}, at most {}", duration_text(time), duration_text(row.rto_seconds));
    if (!row.rpo_seconds || (row.of == Of::application && !measured.counted)) return check;
    check.good = check.good && measured.lost <= *row.rpo_seconds;
    check.detail += fmt::format("; {} of work lost, at most {}", duration_text(measured.lost),
                                duration_text(*row.rpo_seconds));
    return check;
}

double lost_seconds(Time misfortune, Time data_of) {
    return std::max(0.0, std::chrono::duration<double>(misfortune - data_of).count());
}

std::string duration_text(double seconds) {
    if (seconds < 120) return fmt::format("{:.1f} s", seconds);
    if (seconds < 7200) return fmt::format("{:.1f} min", seconds / 60);
    return fmt::format("{:.1f} h", seconds / 3600);
}

}  // namespace bb::safety
