#include "operations/safety/newest_rows.hpp"

#include <fmt/format.h>

#include <optional>
#include <stdexcept>

namespace bb::safety {
namespace {

// Of each table, statements that ask for the newest row and for one of a time. Partitions hold measurements,
// whose time is no row's. Somebody's own table may say "infinity", which a manifest cannot.
constexpr const char* dated_sql =
    "SELECT c.relname::text, format('SELECT max(%1$I) FROM %2$I WHERE %1$I > %3$L AND %1$I < %4$L', "
    "a.attname, "
    "c.relname, '1970-01-01Z', '9999-01-01Z'), "
    "format('SELECT EXISTS (SELECT FROM %I WHERE %I = $1)', c.relname, a.attname) "
    "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
    "WHERE c.relkind = 'r' AND NOT c.relispartition AND c.relnamespace = current_schema()::regnamespace "
    "AND a.attname IN ('created_at', 'at') AND a.atttypid = 'timestamptz'::regtype ORDER BY 1";

}  // namespace

std::map<std::string, Time> newest_rows(db::Session& session) {
    std::map<std::string, Time> newest;
    for (const auto table : session.query(dated_sql)) {
        const auto rows = session.query(table.get<std::string>(1));
        if (const auto at = rows[0].get<std::optional<Time>>(0)) newest[table.get<std::string>(0)] = *at;
    }
    return newest;
}

void check_newest_rows(db::Session& session, const Manifest& manifest) {
    for (const auto table : session.query(dated_sql)) {
        const auto name = table.get<std::string>(0);
        const auto wanted = manifest.newest_rows.find(name);
        if (wanted == manifest.newest_rows.end()) continue;
        if (session.query(table.get<std::string>(2), wanted->second)[0].get<bool>(0)) continue;
        throw std::runtime_error(
            fmt::format("The restored database is not whole: the newest row of {}, made at {}, is not there. "
                        "Nothing was replaced.",
                        name, to_rfc3339(wanted->second)));
    }
}

bool has_row_of(db::Session& session, Time moment) {
    for (const auto table : session.query(dated_sql))
        if (session.query(table.get<std::string>(2), moment)[0].get<bool>(0)) return true;
    return false;
}

}  // namespace bb::safety
