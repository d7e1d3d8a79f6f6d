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

/// What amcheck says against one index, or empty.
std::string damage(Session& session, const std::string& index, bool deep) {
    session.script("SAVEPOINT one");
    try {
        session.query(check_btree_sql, index, deep);
        return {};
    } catch (const SqlError& failure) {
        if (failure.sqlstate() == "42501") throw;
        session.script("ROLLBACK TO one");
        return fmt::format("{} ({})", index, failure.what());
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

// amcheck needs a superuser to be made, and is used once here: it is made inside a transaction that is taken
// back.
Check check_btrees(Session& session, bool deep) {
    session.script("BEGIN");
    const Rollback rollback{session};
    try {
        session.script("CREATE EXTENSION IF NOT EXISTS amcheck");
        const auto indexes = texts(session.query(btrees_sql));
        std::vector<std::string> damaged;
        for (const auto& index : indexes)
            if (auto words = damage(session, index, deep); !words.empty())
                damaged.push_back(std::move(words));
        return from_list(
            "btrees", damaged, "Damaged, REINDEX CONCURRENTLY may help",
            fmt::format("amcheck found the {} B-trees sound{}.", indexes.size(),
                        deep ? ", with every row in them" : " (--deep: also that no row is missing)"));
    } catch (const SqlError& failure) {
        return {"btrees", State::skipped, fmt::format("amcheck cannot be used: {}.", failure.what())};
    }
}

std::vector<Check> check_database(Session& session, Session& maintenance, bool deep) {
    return {check_indexes(session),         check_constraints(session), check_foreign_keys(session, deep),
            check_sequences(session),       check_extensions(session),  check_checksums(session),
            check_btrees(maintenance, deep)};
}

}  // namespace bb::db
