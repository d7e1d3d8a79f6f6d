#include "base/db/schema_number.hpp"

namespace bb::db {
namespace {

constexpr const char* newest_sql = "SELECT coalesce(max(number), 0) FROM schema_migrations";

}  // namespace

Task<int> schema_number(Database& db) {
    const auto rows = co_await db.query(newest_sql);
    co_return rows[0].get<int>(0);
}

}  // namespace bb::db
