#include "base/db/migrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/core/crypto.hpp"
#include "base/db/lint/lint.hpp"
#include "base/db/schema_lock.hpp"
#include "base/db/script_runner.hpp"

namespace bb::db {
namespace {

constexpr const char* table_sql =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    "number integer PRIMARY KEY CHECK (number > 0), name text NOT NULL, checksum text NOT NULL, "
    "applied_at timestamptz NOT NULL DEFAULT now(), phase text)";
// What was made before phases were noted; asked first, since even an ALTER that does nothing waits for
// readers.
constexpr const char* has_phase_sql =
    "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'schema_migrations'::regclass "
    "AND attname = 'phase')";
constexpr const char* add_phase_sql = "ALTER TABLE schema_migrations ADD COLUMN IF NOT EXISTS phase text";
// As JSON, the column need not be there.
constexpr const char* applied_sql =
    "SELECT number, name, checksum, applied_at, to_jsonb(m) ->> 'phase' FROM schema_migrations m "
    "ORDER BY number";
constexpr const char* insert_sql =
    "INSERT INTO schema_migrations (number, name, checksum, phase) VALUES ($1, $2, $3, $4)";
constexpr const char* delete_sql = "DELETE FROM schema_migrations WHERE number = $1";
constexpr const char* has_table_sql = "SELECT to_regclass('schema_migrations') IS NOT NULL";
constexpr const char* is_empty_sql =
    "SELECT NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = current_schema()::regnamespace)";

bool is_meant(const Migration& migration, Phases phases) {
    const auto phase = read_header(migration.up).phase;
    if (phases == Phases::expand) return phase == Phase::expand;
    if (phases == Phases::contract) return phase == Phase::contract;
    return true;
}

/// How many of the pending migrations are applied: those before the first that is not meant.
std::size_t count_meant(const std::vector<Migration>& pending, Phases phases) {
    if (phases == Phases::needed) return count_needed(pending);
    std::size_t count = 0;
    while (count < pending.size() && is_meant(pending[count], phases)) ++count;
    return count;
}

std::string title(const Migration& migration) {
    return fmt::format("Migration {} ({})", migration.number, migration.name);
}

/// What `one` dropped and none of `list`, which are taken back together, had made: that goes anyway.
std::vector<std::string> dropped_for_good(const Migration& one, const std::vector<Migration>& list) {
    std::set<std::string> made;
    for (const auto& other : list)
        for (auto& drop : drops_in(other.down)) made.insert(std::move(drop));
    auto gone = drops_in(one.up);
    std::erase_if(gone, [&](const std::string& drop) {
        const auto of = drop.find(" of ");  // a column, of a table
        return made.contains(drop) ||
               (of != std::string::npos && made.contains("table " + drop.substr(of + 4)));
    });
    return gone;
}

}  // namespace

std::size_t count_needed(Migrations migrations) {
    std::size_t count = migrations.size();
    while (count > 0 && read_header(migrations[count - 1].up).phase == Phase::contract) --count;
    return count;
}

int newest_needed(Migrations migrations) {
    const auto needed = count_needed(migrations);
    return needed == 0 ? 0 : migrations[needed - 1].number;
}

std::string checksum(const Migration& migration) {
    return crypto::hex(crypto::sha256(migration.up));
}

std::vector<MigrationState> Migrator::status() {
    std::map<int, MigrationState> states;
    for (const auto& one : migrations_) {
        auto& state = states[one.number] = MigrationState{one.number, std::string(one.name), std::nullopt};
        state.phase = read_header(one.up).phase;
    }
    if (session_.query(has_table_sql)[0].get<bool>(0)) {
        for (const auto row : session_.query(applied_sql)) {
            const int number = row.get<int>(0);
            const auto found = std::find_if(migrations_.begin(), migrations_.end(),
                                            [number](const auto& one) { return one.number == number; });
            MigrationState state{number, row.get<std::string>(1), row.get<Time>(3)};
            state.unknown = found == migrations_.end();
            state.changed = !state.unknown && checksum(*found) != row.get<std::string>(2);
            const auto noted = row.get<std::optional<std::string>>(4);
            state.phase = !state.unknown                    ? states[number].phase
                          : noted == name_of(Phase::expand) ? Phase::expand
                                                            : Phase::contract;
            states[number] = std::move(state);
        }
    }
    std::vector<MigrationState> list;
    list.reserve(states.size());
    for (auto& [number, state] : states) list.push_back(std::move(state));
    return list;
}

int Migrator::current() {
    int newest = 0;
    for (const auto& state : status())
        if (state.applied_at) newest = std::max(newest, state.number);
    return newest;
}

bool Migrator::empty() {
    return session_.query(is_empty_sql)[0].get<bool>(0);
}

std::optional<Error> Migrator::fault(const std::vector<MigrationState>& states) const {
    bool gap = false;
    for (const auto& state : states) {
        if (state.unknown && state.phase == Phase::contract)
            return Error(
                ErrorCode::conflict,
                fmt::format("The database has migration {} ({}), which this program does not know. Use the "
                            "newer program, or go back with its \"brainbytes db rollback --to {}\".",
                            state.number, state.name, state.number - 1));
        if (state.changed)
            return Error(
                ErrorCode::conflict,
                fmt::format("Migration {} ({}) was applied with another text than this program carries. A "
                            "migration must never change once applied: use the program that made this "
                            "database, or an empty database.",
                            state.number, state.name));
        if (state.applied_at && gap)
            return Error(ErrorCode::conflict,
                         fmt::format("Migration {} ({}) is applied, but one before it is not.", state.number,
                                     state.name));
        gap = gap || !state.applied_at;
    }
    return std::nullopt;
}

Result<std::vector<Migration>> Migrator::pending() {
    const auto states = status();
    if (auto bad = fault(states)) return *bad;
    std::vector<Migration> list;
    for (std::size_t i = 0; i < states.size(); ++i)
        if (!states[i].applied_at) list.push_back(migrations_[i]);
    return list;
}

Result<Progress> Migrator::plan(Phases phases) {
    auto list = pending();
    if (!list) return list.error();
    std::erase_if(*list, [this](const Migration& one) { return last_ && one.number > *last_; });
    const auto end = list->begin() + static_cast<std::ptrdiff_t>(count_meant(*list, phases));
    Progress progress{{list->begin(), end}, {end, list->end()}, std::nullopt};
    const auto meant = [&](const Migration& one) {
        return phases != Phases::needed && is_meant(one, phases);
    };
    const auto held = std::find_if(end, list->end(), meant);
    if (held != list->end()) progress.held_back = *held;
    if (auto refused = refusal(migrations_, progress.applied)) return *refused;
    return progress;
}

Result<Progress> Migrator::migrate(const Step& step, Phases phases) {
    SchemaLock lock(session_);
    if (auto taken = lock.take(say_, patience_); !taken) return taken.error();
    session_.script(table_sql);
    if (!session_.query(has_phase_sql)[0].get<bool>(0)) {
        ScriptRunner runner(session_, limits_, say_);
        if (auto added = runner.run("The list of migrations", add_phase_sql, [] {}); !added)
            return added.error();
    }
    auto progress = plan(phases);
    if (!progress) return progress.error();
    for (const auto& one : progress->applied) {
        step(one);
        if (auto done = apply(one); !done) return done.error();
    }
    return progress;
}

Result<void> Migrator::apply(const Migration& one) {
    return ScriptRunner(session_, limits_, say_).run(title(one), one.up, [&] {
        session_.query(insert_sql, one.number, one.name, checksum(one), name_of(read_header(one.up).phase));
    });
}

Result<void> Migrator::take_back(const Migration& one) {
    return ScriptRunner(session_, limits_, say_).run(title(one), one.down, [&] {
        session_.query(delete_sql, one.number);
    });
}

Result<std::vector<Migration>> Migrator::above(int to) {
    const auto states = status();
    if (auto bad = fault(states)) return *bad;
    if (!states.empty() && states.back().unknown)
        return Error(
            ErrorCode::conflict,
            fmt::format("The database has migration {} ({}) of a newer program, which alone knows the way "
                        "back: run its \"brainbytes db rollback\".",
                        states.back().number, states.back().name));
    std::vector<Migration> list;
    for (std::size_t i = states.size(); i-- > 0;)
        if (states[i].applied_at && states[i].number > to) list.push_back(migrations_[i]);
    if (to < 0 || list.empty())
        return Error(ErrorCode::invalid_input, fmt::format("There is no applied migration above {}.", to));
    return list;
}

std::string Migrator::describe(const std::string& drop) {
    if (drop.rfind("table ", 0) != 0) return drop;
    const auto name = drop.substr(6);
    if (!session_.query("SELECT to_regclass($1) IS NOT NULL", name)[0].get<bool>(0)) return drop;
    const auto counted = session_.query("SELECT count(*) FROM " + name);  // lint: checked: a table of ours
    const auto rows = counted[0].get<std::int64_t>(0);
    return fmt::format("{} ({} {})", drop, rows, rows == 1 ? "row" : "rows");
}

Result<std::vector<Loss>> Migrator::losses(int to) {
    auto list = above(to);
    if (!list) return list.error();
    std::vector<Loss> losses;
    for (const auto& one : *list) {
        Loss loss{one.number, std::string(one.name), {}, dropped_for_good(one, *list)};
        for (const auto& drop : drops_in(one.down)) loss.drops.push_back(describe(drop));
        losses.push_back(std::move(loss));
    }
    return losses;
}

Result<std::vector<Migration>> Migrator::rollback(int to, const Step& step) {
    SchemaLock lock(session_);
    if (auto taken = lock.take(say_, patience_); !taken) return taken.error();
    auto list = above(to);
    if (!list) return list.error();
    for (const auto& one : *list) {
        step(one);
        if (auto done = take_back(one); !done) return done.error();
    }
    return list;
}

}  // namespace bb::db
