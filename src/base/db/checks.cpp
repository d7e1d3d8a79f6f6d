#include "base/db/checks.hpp"

#include <fmt/format.h>

#include "base/db/rollback.hpp"

namespace bb::db {
namespace {

using State = Check::State;

constexpr const char* invalid_indexes_sql =
    "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    "WHERE c.relnamespace = current_schema()::regnamespace AND NOT (i.indisvalid AND i.indisready) ORDER BY "
    "1";
constexpr const char* not_validated_sql =
    "SELECT format('%s on %s', conname, conrelid::regclass) FROM pg_constraint "
    "WHERE connamespace = current_schema()::regnamespace AND NOT convalidated ORDER BY 1";
constexpr const char* old_extensions_sql =
    "SELECT format('%s %s (here: %s)', name, installed_version, default_version) FROM "
    "pg_available_extensions "
    "WHERE installed_version <> default_version ORDER BY 1";
constexpr const char* damaged_pages_sql =
    "SELECT coalesce(sum(checksum_failures), 0)::bigint FROM pg_stat_database "
    "WHERE datname = current_database() OR datid = 0";
constexpr const char* btrees_sql =
    "SELECT c.oid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    "JOIN pg_am m ON m.oid = c.relam WHERE m.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence = 'p' "
    "AND c.relnamespace = current_schema()::regnamespace AND i.indisvalid ORDER BY 1";
constexpr const char* check_btree_sql = "SELECT bt_index_check(to_regclass($1), $2)";
constexpr const char* tables_sql =
    "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_am m ON m.oid = c.relam "
    "WHERE m.amname = 'heap' AND c.relkind IN ('r', 'm') AND c.relpersistence = 'p' "
    "AND c.relnamespace = current_schema()::regnamespace ORDER BY 1";
constexpr const char* check_table_sql =
    "SELECT count(*), min(format('block %s: %s', blkno, msg)) "
    "FROM verify_heapam(to_regclass($1), check_toast => true)";

std::vector<std::string> texts(const Rows& rows) {
    std::vector<std::string> found;
    for (const auto row : rows) found.push_back(row.get<std::string>(0));
    return found;
}

/// Failed when the list names anything.
Check from_list(std::string name, const std::vector<std::string>& bad, std::string_view wrong,
                std::string good) {
    if (bad.empty()) return {std::move(name), State::ok, std::move(good)};
    return {std::move(name), State::failed, fmt::format("{}: {}.", wrong, fmt::join(bad, ", "))};
}

/// What amcheck says against a table, or empty.
std::string faults_of_table(Session& session, const std::string& table) {
    const auto rows = session.query(check_table_sql, table);
    const auto count = rows[0].get<std::int64_t>(0);
    if (count == 0) return {};
    const auto first = rows[0].get<std::string>(1);
    return count == 1 ? first : fmt::format("{}, and {} more", first, count - 1);
}

/// Those of the relations against which `ask` has something to say, or which it cannot read, with the reason.
template <class Ask>
std::vector<std::string> damaged(Session& session, const std::vector<std::string>& relations, Ask ask) {
    std::vector<std::string> found;
    for (const auto& relation : relations) {
        session.script("SAVEPOINT one");
        try {
            if (const std::string words = ask(relation); !words.empty())
                found.push_back(fmt::format("{} ({})", relation, words));
        } catch (const SqlError& failure) {
            // It may not be asked, or is not known to this server: that is nothing against the relation.
            if (failure.sqlstate().starts_with("42")) throw;
            session.script("ROLLBACK TO one");
            found.push_back(fmt::format("{} ({})", relation, failure.what()));
        }
    }
    return found;
}

// amcheck needs a superuser to be made, and is used once here: it is made inside a transaction that is taken
// back.
template <class Look>
Check with_amcheck(Session& session, const char* name, Look look) {
    session.script("BEGIN");
    const Rollback rollback{session};
    try {
        session.script("CREATE EXTENSION IF NOT EXISTS amcheck");
        return look();
    } catch (const SqlError& failure) {
        return {name, State::skipped, fmt::format("amcheck cannot be used: {}.", failure.what())};
    }
}

/// A damaged page is something to tell, with what the other checks find.
template <class Look>
Check as_far_as_readable(const char* name, Look look) {
    try {
        return look();
    } catch (const SqlError& failure) {
        if (!failure.sqlstate().starts_with("XX")) throw;
        return {name, State::failed, fmt::format("Not everything can be read: {}.", failure.what())};
    }
}

}  // namespace

const char* name_of(Check::State state) {
    return state == State::ok ? "ok" : state == State::failed ? "failed" : "skipped";
}

Check check_indexes(Session& session) {
    return from_list("indexes", texts(session.query(invalid_indexes_sql)),
                     "Left unfinished by CREATE INDEX CONCURRENTLY, drop them and build them again",
                     "Every index is valid.");
}

Check check_constraints(Session& session) {
    return from_list("constraints", texts(session.query(not_validated_sql)),
                     "Not checked for all rows yet (ALTER TABLE ... VALIDATE CONSTRAINT)",
                     "Every constraint was checked for all rows.");
}

Check check_extensions(Session& session) {
    return from_list("extensions", texts(session.query(old_extensions_sql)),
                     "Older than what this PostgreSQL brings (ALTER EXTENSION ... UPDATE)",
                     "Every extension has the version that this PostgreSQL brings.");
}

Check check_checksums(Session& session) {
    if (session.query("SHOW data_checksums")[0].get<std::string>(0) != "on")
        return {"checksums", State::skipped,
                "Pages have no checksums, so that PostgreSQL cannot tell a damaged one (initdb "
                "--data-checksums)."};
    const auto damaged = session.query(damaged_pages_sql)[0].get<std::int64_t>(0);
    if (damaged == 0)
        return {"checksums", State::ok, "Pages have checksums, and none was wrong when it was read."};
    return {"checksums", State::failed,
            fmt::format("{} pages were damaged when they were read. Save what is there, and check the disk.",
                        damaged)};
}

Check check_btrees(Session& session, bool deep) {
    return with_amcheck(session, "btrees", [&] {
        const auto indexes = texts(session.query(btrees_sql));
        const auto bad = damaged(session, indexes, [&](const std::string& index) {
            session.query(check_btree_sql, index, deep);
            return std::string();
        });
        return from_list(
            "btrees", bad, "Damaged, REINDEX CONCURRENTLY may help",
            fmt::format("amcheck found the {} B-trees sound{}.", indexes.size(),
                        deep ? ", with every row in them" : " (--deep: also that no row is missing)"));
    });
}

Check check_tables(Session& session) {
    return with_amcheck(session, "tables", [&] {
        const auto tables = texts(session.query(tables_sql));
        const auto bad = damaged(session, tables,
                                 [&](const std::string& table) { return faults_of_table(session, table); });
        return from_list(
            "tables", bad, "Damaged, save what can be read, check the disk, and restore a backup",
            fmt::format("amcheck read every row of {} tables, with its long values.", tables.size()));
    });
}

std::vector<Check> check_database(Session& session, Session& maintenance, bool deep) {
    std::vector<Check> checks{
        check_indexes(session),
        check_constraints(session),
        as_far_as_readable("foreign-keys", [&] { return check_foreign_keys(session, deep); }),
        as_far_as_readable("sequences", [&] { return check_sequences(session); }),
        check_extensions(session),
        check_btrees(maintenance, deep),
    };
    if (deep) checks.push_back(check_tables(maintenance));
    // Damaged pages are counted when they are read: after the others have.
    checks.push_back(check_checksums(session));
    return checks;
}

}  // namespace bb::db
