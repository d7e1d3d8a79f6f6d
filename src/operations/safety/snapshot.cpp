#include "operations/safety/snapshot.hpp"

#include <utility>

namespace bb::safety {
namespace {

// The transaction waits for pg_dump, and must not be ended for being idle.
constexpr const char* begin_sql =
    "SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0; SET lock_timeout = '60s'; "
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr const char* facts_sql =
    "SELECT pg_export_snapshot(), clock_timestamp(), "
    "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text, "
    "current_setting('server_version_num')::int / 10000, "
    "coalesce((SELECT max(number) FROM schema_migrations), 0), "
    "(SELECT system_identifier FROM pg_control_system())::text || '/' || current_database(), "
    "pg_database_size(current_database())";
constexpr const char* tables_sql =
    "SELECT relname::text, quote_ident(relname) FROM pg_class "
    "WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace ORDER BY 1";

}  // namespace

Snapshot::Snapshot(const std::string& conninfo, std::function<void()> watch) : session_(conninfo) {
    session_.while_waiting(std::move(watch));
    session_.script(begin_sql);
    const auto facts = session_.query(facts_sql);
    name_ = facts[0].get<std::string>(0);
    at_ = facts[0].get<Time>(1);
    wal_position_ = facts[0].get<std::string>(2);
    major_ = facts[0].get<int>(3);
    schema_ = facts[0].get<int>(4);
    database_ = facts[0].get<std::string>(5);
    bytes_ = static_cast<std::uint64_t>(facts[0].get<std::int64_t>(6));
}

std::map<std::string, std::int64_t> Snapshot::count_rows() {
    return safety::count_rows(session_);
}

std::vector<TableName> tables_of(db::Session& session) {
    std::vector<TableName> tables;
    for (const auto row : session.query(tables_sql))
        tables.push_back({row.get<std::string>(0), row.get<std::string>(1)});
    return tables;
}

std::int64_t count_rows(db::Session& session, const TableName& table) {
    const auto counted = session.query("SELECT count(*) FROM " + table.quoted);  // lint: checked: quoted
    return counted[0].get<std::int64_t>(0);
}

std::map<std::string, std::int64_t> count_rows(db::Session& session) {
    std::map<std::string, std::int64_t> rows;
    for (const auto& table : tables_of(session)) rows[table.name] = count_rows(session, table);
    return rows;
}

}  // namespace bb::safety
