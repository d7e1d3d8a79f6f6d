#include "base/db/schema_number.hpp"

#include "base/db/schema_range.hpp"

namespace bb::db {
namespace {

// Until a migration of this release, no table says its phase: as JSON, the column need not be there.
constexpr const char* newest_sql =
    "SELECT coalesce(max(number), 0), "
    "count(*) FILTER (WHERE number > $1 AND to_jsonb(m) ->> 'phase' IS DISTINCT FROM 'expand') "
    "FROM schema_migrations m";

}  // namespace

Task<SchemaNumber> schema_number(Database& db) {
    const auto rows = co_await db.query(newest_sql, schema_max);
    const int number = rows[0].get<int>(0);
    co_return SchemaNumber{number, number >= schema_min && rows[0].get<std::int64_t>(1) == 0};
}

}  // namespace bb::db
