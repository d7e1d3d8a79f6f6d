#include "base/db/migrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <regex>

#include "base/core/crypto.hpp"
#include "base/db/schema_range.hpp"

namespace bb::db {
namespace {

// Any fixed number will do: it says "somebody is changing the schema of this database".
constexpr std::int64_t schema_lock = 4'204'716'329;
constexpr const char* lock_not_available = "55P03";

constexpr const char* table_sql =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    "number integer PRIMARY KEY CHECK (number > 0), name text NOT NULL, checksum text NOT NULL, "
    "applied_at timestamptz NOT NULL DEFAULT now())";
constexpr const char* applied_sql =
    "SELECT number, name, checksum, applied_at FROM schema_migrations ORDER BY number";
constexpr const char* insert_sql =
    "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)";
constexpr const char* delete_sql = "DELETE FROM schema_migrations WHERE number = $1";
constexpr const char* has_table_sql = "SELECT to_regclass('schema_migrations') IS NOT NULL";
constexpr const char* is_empty_sql =
    "SELECT NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = current_schema()::regnamespace)";

// An advisory lock's number stands in two halves of 32 bits.
constexpr const char* holder_sql =
    "SELECT l.pid, coalesce(nullif(a.application_name, ''), 'without a name'), "
    "coalesce('from ' || host(a.client_addr), 'on its own machine') "
    "FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() "
    "LEFT JOIN pg_stat_activity a ON a.pid = l.pid "
    "WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted "
    "AND (l.classid::bigint << 32 | l.objid::bigint) = $1 LIMIT 1";

/// Runs `work` between BEGIN and COMMIT; whatever it throws rolls back.
template <class Work>
void in_transaction(Session& session, Work work) {
    session.script("BEGIN");
    try {
        work();
        session.script("COMMIT");
    } catch (const SqlError&) {
        session.script("ROLLBACK");
        throw;
    }
}

}  // namespace

/// Held while the schema is changed, so that two programs never do it at once.
class Migrator::Lock {
public:
    explicit Lock(Session& session) : session_(session) {}
    ~Lock() {
        try {
            session_.script("RESET lock_timeout");
            if (held_) session_.query("SELECT pg_advisory_unlock($1)", schema_lock);
        } catch (const std::exception&) {
            // The connection is gone, and the lock with it.
        }
    }
    Lock(const Lock&) = delete;

    /// Errors: unavailable, when another holds it for longer than `patience`; `say` hears who.
    Result<void> take(const Say& say, std::chrono::milliseconds patience) {
        held_ = session_.query("SELECT pg_try_advisory_lock($1)", schema_lock)[0].get<bool>(0);
        if (!held_) {
            const auto other = holder();
            if (say) say(fmt::format("Waiting for {}, which is changing the schema.", other));
            if (!wait(patience))
                return Error(
                    ErrorCode::unavailable,
                    fmt::format("{} goes on changing the schema. If it hangs, end it, then try again.",
                                other));
        }
        session_.script("SET lock_timeout = '10s'");
        return {};
    }

private:
    bool wait(std::chrono::milliseconds patience) {
        session_.query("SELECT set_config('lock_timeout', $1, false)", std::to_string(patience.count()));
        try {
            session_.query("SELECT pg_advisory_lock($1)", schema_lock);
        } catch (const SqlError& failure) {
            if (failure.sqlstate() != lock_not_available) throw;
            return false;
        }
        return held_ = true;
    }

    std::string holder() {
        const auto rows = session_.query(holder_sql, schema_lock);
        if (rows.empty()) return "Another program";
        return fmt::format("PostgreSQL's process {} ({}, {})", rows[0].get<int>(0),
                           rows[0].get<std::string>(1), rows[0].get<std::string>(2));
    }

    Session& session_;
    bool held_ = false;
};

std::string checksum(const Migration& migration) {
    return crypto::hex(crypto::sha256(migration.up));
}

std::vector<MigrationState> Migrator::status() {
    std::map<int, MigrationState> states;
    for (const auto& one : migrations_)
        states[one.number] = MigrationState{one.number, std::string(one.name), std::nullopt};
    if (session_.query(has_table_sql)[0].get<bool>(0)) {
        for (const auto row : session_.query(applied_sql)) {
            const int number = row.get<int>(0);
            const auto found = std::find_if(migrations_.begin(), migrations_.end(),
                                            [number](const auto& one) { return one.number == number; });
            MigrationState state{number, row.get<std::string>(1), row.get<Time>(3)};
            state.unknown = found == migrations_.end();
            state.changed = !state.unknown && checksum(*found) != row.get<std::string>(2);
            states[number] = std::move(state);
        }
    }
    std::vector<MigrationState> list;
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
        if (state.unknown)
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

Result<std::vector<Migration>> Migrator::migrate(const Step& step) {
    Lock lock(session_);
    if (auto taken = lock.take(say_, patience_); !taken) return taken.error();
    session_.script(table_sql);
    auto list = pending();
    if (!list) return list.error();
    for (const auto& one : *list) {
        step(one);
        in_transaction(session_, [&] {
            session_.script(std::string(one.up));
            session_.query(insert_sql, one.number, one.name, checksum(one));
        });
    }
    return list;
}

Result<std::vector<Migration>> Migrator::above(int to) {
    const auto states = status();
    if (auto bad = fault(states)) return *bad;
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
        Loss loss{one.number, std::string(one.name), {}};
        for (const auto& drop : drops_in(one.down)) loss.drops.push_back(describe(drop));
        losses.push_back(std::move(loss));
    }
    return losses;
}

Result<std::vector<Migration>> Migrator::rollback(int to, const Step& step) {
    Lock lock(session_);
    if (auto taken = lock.take(say_, patience_); !taken) return taken.error();
    auto list = above(to);
    if (!list) return list.error();
    for (const auto& one : *list) {
        step(one);
        in_transaction(session_, [&] {
            session_.script(std::string(one.down));
            session_.query(delete_sql, one.number);
        });
    }
    return list;
}

std::vector<std::string> drops_in(std::string_view script) {
    static const std::regex comment(R"(--[^\n]*)");
    static const std::regex table(
        R"(DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?([^;]+?)(?:\s+(?:CASCADE|RESTRICT))?\s*;)", std::regex::icase);
    static const std::regex alter(R"(ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(\w+)([^;]+);)", std::regex::icase);
    static const std::regex column(R"(DROP\s+COLUMN\s+(?:IF\s+EXISTS\s+)?(\w+))", std::regex::icase);
    static const std::regex word(R"(\w+)");
    const auto text = std::regex_replace(std::string(script), comment, "");
    const std::sregex_iterator end;
    std::vector<std::string> drops;
    for (std::sregex_iterator at(text.begin(), text.end(), table); at != end; ++at) {
        const std::string names = (*at)[1];
        for (std::sregex_iterator name(names.begin(), names.end(), word); name != end; ++name)
            drops.push_back("table " + name->str());
    }
    for (std::sregex_iterator at(text.begin(), text.end(), alter); at != end; ++at) {
        const std::string changes = (*at)[2];
        for (std::sregex_iterator name(changes.begin(), changes.end(), column); name != end; ++name)
            drops.push_back(fmt::format("column {} of {}", (*name)[1].str(), (*at)[1].str()));
    }
    return drops;
}

Result<void> prepare_schema(const std::string& conninfo, bool managed,
                            const std::function<void(std::string_view)>& say) {
    Session session(conninfo);
    Migrator migrator(session, embedded::embedded_migrations());
    migrator.when_taken(say, std::chrono::seconds(5));  // the caller comes back, and hears signals in between
    auto pending = migrator.pending();
    if (!pending) return Error(ErrorCode::unavailable, pending.error().detail);
    if (pending->empty()) return {};
    if (managed || migrator.empty()) {
        auto applied = migrator.migrate([&](const Migration& one) {
            say(fmt::format("Applying migration {} ({}).", one.number, one.name));
        });
        if (!applied && applied.error().code == ErrorCode::unavailable)
            throw Unavailable(applied.error().detail);
        if (!applied) return Error(ErrorCode::unavailable, applied.error().detail);
        return {};
    }
    const int current = pending->front().number - 1;
    if (current >= schema_min) return {};
    return Error(
        ErrorCode::unavailable,
        fmt::format("The database has schema {}, and this program runs on {} to {}. Run \"brainbytes db "
                    "migrate\" first.",
                    current, schema_min, schema_max));
}

}  // namespace bb::db
