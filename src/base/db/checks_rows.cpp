#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/db/checks.hpp"

namespace bb::db {
namespace {

using State = Check::State;

constexpr std::int64_t sample_rows = 10'000;

// With the pairs of columns as SQL: what makes a row point somewhere, and to which row.
constexpr const char* keys_sql =
    "SELECT k.conname::text, k.conrelid::regclass::text, k.confrelid::regclass::text, t.reltuples::float8, "
    "string_agg(format('c.%I IS NOT NULL', a.attname), ' AND ' ORDER BY pair.place), "
    "string_agg(format('p.%I = c.%I', b.attname, a.attname), ' AND ' ORDER BY pair.place) "
    "FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid "
    "CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS pair (child, parent, place) "
    "JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.child "
    "JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = pair.parent "
    "WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace "
    "GROUP BY k.oid, k.conname, k.conrelid, k.confrelid, t.reltuples ORDER BY 2, 1";

constexpr const char* sequences_sql =
    "SELECT s.oid::regclass::text, t.oid::regclass::text, quote_ident(a.attname) FROM pg_class s "
    "JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype IN ('a', 'i') "
    "JOIN pg_class t ON d.refclassid = 'pg_class'::regclass AND t.oid = d.refobjid "
    "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid "
    "JOIN pg_sequence q ON q.seqrelid = s.oid "
    "WHERE s.relkind = 'S' AND q.seqincrement > 0 AND s.relnamespace = current_schema()::regnamespace ORDER "
    "BY 1";

// These take names and expressions of the catalog, which PostgreSQL itself quoted, never values.
constexpr const char* sample_sql = "(SELECT * FROM {} TABLESAMPLE SYSTEM ({}) LIMIT {}) c";
constexpr const char* orphans_sql =
    "SELECT count(*) FROM {} WHERE {} AND NOT EXISTS (SELECT FROM {} p WHERE {})";
constexpr const char* numbers_sql =
    "SELECT (SELECT max({})::bigint FROM {}), CASE WHEN is_called THEN last_value ELSE last_value - 1 END "
    "FROM {}";

/// The rows of a table that are looked at: all, or about as many as the sample is large.
std::string rows_of(const std::string& table, double rows, bool deep) {
    if (deep) return table + " c";
    const double share = rows > 0 ? std::min(100.0, 100.0 * static_cast<double>(sample_rows) / rows) : 100.0;
    return fmt::format(sample_sql, table, share, sample_rows);
}

/// "3 of messages by messages_thread_fkey", or empty.
std::string orphans(Session& session, const Row& key, bool deep) {
    const auto table = key.get<std::string>(1);
    const auto rows = rows_of(table, key.get<double>(3), deep);
    const auto sql = fmt::format(orphans_sql, rows, key.get<std::string>(4), key.get<std::string>(2),
                                 key.get<std::string>(5));
    const auto count = session.query(sql)[0].get<std::int64_t>(0);
    return count == 0 ? std::string() : fmt::format("{} of {} by {}", count, table, key.get<std::string>(0));
}

}  // namespace

Check check_foreign_keys(Session& session, bool deep) {
    const auto keys = session.query(keys_sql);
    std::vector<std::string> found;
    for (const auto key : keys)
        if (auto words = orphans(session, key, deep); !words.empty()) found.push_back(std::move(words));
    const auto looked = deep ? std::string("all rows")
                             : fmt::format("at most {} rows of each table (--deep: all)", sample_rows);
    if (!found.empty())
        return {"foreign-keys", State::failed,
                fmt::format("Rows that point to none, in {}: {}.", looked, fmt::join(found, ", "))};
    return {"foreign-keys", State::ok, fmt::format("{} foreign keys hold in {}.", keys.size(), looked)};
}

Check check_sequences(Session& session) {
    const auto sequences = session.query(sequences_sql);
    std::vector<std::string> behind;
    for (const auto one : sequences) {
        const auto name = one.get<std::string>(0);
        const auto column = fmt::format("{}.{}", one.get<std::string>(1), one.get<std::string>(2));
        const auto rows =
            session.query(fmt::format(numbers_sql, one.get<std::string>(2), one.get<std::string>(1), name));
        const auto highest = rows[0].get<std::optional<std::int64_t>>(0);
        if (highest && *highest > rows[0].get<std::int64_t>(1))
            behind.push_back(
                fmt::format("{} is at {}, {} at {}", name, rows[0].get<std::int64_t>(1), column, *highest));
    }
    if (!behind.empty())
        return {"sequences", State::failed,
                fmt::format("Behind the numbers that are taken, the next rows fail (setval): {}.",
                            fmt::join(behind, ", "))};
    return {"sequences", State::ok,
            fmt::format("{} sequences are past the numbers that are taken.", sequences.size())};
}

}  // namespace bb::db
