#include "operations/safety/restored_database.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "operations/safety/load_dump.hpp"
#include "operations/safety/snapshot.hpp"
#include "operations/safety/tools.hpp"

namespace bb::safety {
namespace {

using std::chrono::steady_clock;

constexpr std::string_view insufficient_privilege = "42501";
constexpr std::string_view in_use = "55006";
constexpr int tries_to_swap = 20;
constexpr int tries_to_drop = 3;
constexpr int looks_at_ending = 20;
constexpr std::chrono::milliseconds between_looks{5};

// Those that this role may end; one of another role stays, and what it is in the way of says so.
constexpr const char* end_others_sql =
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = $1 AND pid <> pg_backend_pid() AND backend_type = 'client backend' "
    "AND (pg_has_role(usesysid, 'MEMBER') OR (pg_has_role('pg_signal_backend', 'MEMBER') AND "
    "     NOT (SELECT rolsuper FROM pg_roles WHERE oid = usesysid)))";
// Held as long as a restore lives, by the connection that it keeps.
constexpr const char* claim_sql = "SELECT pg_try_advisory_lock(7305, hashtext($1))";
constexpr const char* former_sql =
    "SELECT datname::text FROM pg_database WHERE datname LIKE $1 ORDER BY datname";

std::string name_of(const std::string& conninfo) {
    return db::Session(conninfo).query("SELECT current_database()::text")[0].get<std::string>(0);
}

/// A database of the same server that is not ours, to work on ours from.
std::string maintenance_of(const std::string& conninfo) {
    auto postgres = with_database(conninfo, "postgres");
    try {
        db::Session probe(postgres);
        return postgres;
    } catch (const db::Unavailable&) {
        return with_database(conninfo, "template1");
    }
}

/// PostgreSQL says the one or the other, by how much of a page still fitted.
bool tells_of_a_full_disk(std::string_view failure) {
    return failure.find("No space left on device") != std::string_view::npos ||
           failure.find("could not extend file") != std::string_view::npos;
}

std::string identifier(std::string_view name) {
    return db::Session::quoted(name);
}

/// And waits a little until they are gone: PostgreSQL itself would look again only after 100 ms.
void end_others(db::Session& session, const std::string& name) {
    for (int look = 0; look < looks_at_ending; ++look) {
        if (session.query(end_others_sql, name)[0].get<std::int64_t>(0) == 0) return;
        std::this_thread::sleep_for(between_looks);
    }
}

/// WITH (FORCE) is refused while autovacuum is at work in it, whose process is no role's; without it,
/// PostgreSQL ends autovacuum by itself, and waits some seconds for others.
void drop(db::Session& session, const std::string& name) {
    for (int tried = 1;; ++tried) {
        end_others(session, name);
        try {
            return session.script("DROP DATABASE IF EXISTS " + identifier(name));
        } catch (const db::SqlError& refused) {
            if (refused.sqlstate() != in_use || tried == tries_to_drop) throw;
        }
    }
}

/// `next` gets the name `live`, and what had it `former`, in one transaction. Gives the seconds in which no
/// connection could be made.
double change_places(db::Session& session, const std::string& live, const std::string& next,
                     const std::string& former) {
    session.script("SET synchronous_commit = on");
    const auto swap =
        fmt::format("BEGIN; ALTER DATABASE {0} RENAME TO {2}; ALTER DATABASE {1} RENAME TO {0}; COMMIT",
                    identifier(live), identifier(next), identifier(former));
    for (int attempt = 1;; ++attempt) {
        const auto started = steady_clock::now();
        for (const auto& name : {live, next}) end_others(session, name);
        try {
            session.script(swap);
            return std::chrono::duration<double>(steady_clock::now() - started).count();
        } catch (const db::SqlError& refused) {
            session.script("ROLLBACK");
            if (refused.sqlstate() != in_use) throw;
            if (attempt == tries_to_swap)
                throw std::runtime_error(
                    "Somebody stays connected to the live database: stop the server, then "
                    "try again. Nothing was changed.");
        }
    }
}

}  // namespace

RestoredDatabase::RestoredDatabase(const std::string& conninfo, bool live_is_empty,
                                   std::function<void()> watch)
    : live_(name_of(conninfo)),
      maintenance_(maintenance_of(conninfo)),
      watch_(std::move(watch)),
      claim_(std::make_unique<db::Session>(maintenance_)) {
    auto& session = *claim_;
    if (!session.query(claim_sql, live_)[0].get<bool>(0))
        throw std::runtime_error("Another restore into this database is under way. Nothing was changed.");
    name_ = live_ + "_restoring";
    try {
        drop(session, name_);
        session.script("CREATE DATABASE " + identifier(name_) + " TEMPLATE template0");
    } catch (const db::SqlError& refused) {
        if (refused.sqlstate() != insufficient_privilege) throw;
        if (!live_is_empty)
            throw std::runtime_error(
                "The database's account may not make a database beside the live one. Let it "
                "(ALTER ROLE ... CREATEDB), or make an empty database and name it with --into URL.");
        name_.clear();
    }
    conninfo_ = name_.empty() ? conninfo : with_database(conninfo, name_);
}

RestoredDatabase::~RestoredDatabase() {
    if (name_.empty()) return;
    try {
        db::Session session(maintenance_);
        drop(session, name_);
    } catch (const std::exception&) {
        // It is dropped by the next restore.
    }
}

void RestoredDatabase::load(http::FileSource& dump, int postgres_major) {
    try {
        loaded_ = load_dump(conninfo_, dump, postgres_major, watch_);
    } catch (const std::runtime_error& failed) {
        if (!tells_of_a_full_disk(failed.what())) throw;
        throw std::runtime_error(
            fmt::format("The disk of the database is full: it has to hold what is brought back beside what "
                        "is there until "
                        "they change places. Make room, then try again; nothing was changed. ({})",
                        failed.what()));
    }
}

std::map<std::string, std::int64_t> RestoredDatabase::rows(db::Session& session) const {
    auto rows = loaded_;
    for (const auto& table : tables_of(session))
        if (!rows.contains(table.name)) rows[table.name] = count_rows(session, table);
    return rows;
}

void RestoredDatabase::analyze() const {
    db::Session session(conninfo_);
    session.while_waiting(watch_);
    std::string tables;
    for (const auto& table : tables_of(session)) tables += (tables.empty() ? "" : ", ") + table.quoted;
    if (!tables.empty()) session.script("ANALYZE " + tables);
}

double RestoredDatabase::take_place(const std::string& former) {
    if (name_.empty()) return 0;
    db::Session session(maintenance_);
    const auto seconds = change_places(session, live_, name_, former);
    name_.clear();
    return seconds;
}

void put_back_database(const std::string& conninfo, const std::string& name, const std::string& former) {
    db::Session session(maintenance_of(conninfo));
    const auto live = name_of(conninfo);
    if (!session.query(claim_sql, live)[0].get<bool>(0))
        throw std::runtime_error("A restore into this database is under way. Nothing was changed.");
    change_places(session, live, name, former);
}

std::string former_name(const std::string& conninfo, const std::string& backup) {
    // A name of PostgreSQL has at most 63 bytes.
    const auto live = name_of(conninfo).substr(0, 30);
    const auto taken = former_databases_of(conninfo);
    const auto name = fmt::format("{}_before_{}", live, backup.substr(0, 16));
    for (int number = 1;; ++number) {
        auto candidate = number == 1 ? name : fmt::format("{}_{}", name, number);
        if (std::find(taken.begin(), taken.end(), candidate) == taken.end()) return candidate;
    }
}

std::vector<std::string> former_databases_of(const std::string& conninfo) {
    std::string pattern;
    for (const char c : name_of(conninfo).substr(0, 30)) {
        if (c == '_' || c == '%' || c == '\\') pattern += '\\';
        pattern += c;
    }
    std::vector<std::string> names;
    for (const auto row : db::Session(conninfo).query(former_sql, pattern + "\\_before\\_%"))
        names.push_back(row.get<std::string>(0));
    return names;
}

void drop_databases(const std::string& conninfo, const std::vector<std::string>& names) {
    db::Session session(maintenance_of(conninfo));
    for (const auto& name : names) drop(session, name);
}

}  // namespace bb::safety
