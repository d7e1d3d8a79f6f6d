#include "operations/safety/newest_rows.hpp"

#include <fmt/format.h>

#include <optional>
#include <stdexcept>

namespace bb::safety {
namespace {

// Partitions hold measurements, whose time is no row's.
constexpr const char* dated_sql =
    "SELECT c.relname::text, quote_ident(a.attname), quote_ident(c.relname) "
    "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
    "WHERE c.relkind = 'r' AND NOT c.relispartition AND c.relnamespace = current_schema()::regnamespace "
    "AND a.attname IN ('created_at', 'at') AND a.atttypid = 'timestamptz'::regtype ORDER BY 1";

}  // namespace

std::map<std::string, Time> newest_rows(db::Session& session) {
    std::map<std::string, Time> newest;
    for (const auto table : session.query(dated_sql)) {
        const auto sql = fmt::format("SELECT max({}) FROM {}",  // lint: checked: quoted
                                     table.get<std::string_view>(1), table.get<std::string_view>(2));
        if (const auto at = session.query(sql)[0].get<std::optional<Time>>(0))
            newest[table.get<std::string>(0)] = *at;
    }
    return newest;
}

void check_newest_rows(db::Session& session, const Manifest& manifest) {
    for (const auto table : session.query(dated_sql)) {
        const auto name = table.get<std::string>(0);
        const auto wanted = manifest.newest_rows.find(name);
        if (wanted == manifest.newest_rows.end()) continue;
        const auto sql = fmt::format("SELECT EXISTS (SELECT FROM {} WHERE {} = $1)",  // lint: checked: quoted
                                     table.get<std::string_view>(2), table.get<std::string_view>(1));
        if (session.query(sql, wanted->second)[0].get<bool>(0)) continue;
        throw std::runtime_error(
            fmt::format("The restored database is not whole: the newest row of {}, made at {}, is not there. "
                        "Nothing was replaced.",
                        name, to_rfc3339(wanted->second)));
    }
}

}  // namespace bb::safety
