// Every migration down and up again, on a schema full of rows.
#include <algorithm>
#include <iterator>
#include <map>

#include "base/db/lint/sql.hpp"
#include "base/db/migrate.hpp"
#include "base/db/schema.hpp"
#include "unit/base/db/empty_database.hpp"
#include "unit/base/db/filler.hpp"

namespace bb::db {
namespace {

using Rows = std::vector<std::string>;
using Columns = std::map<std::string, std::vector<std::string>>;  // of each table, as SQL

constexpr const char* columns_sql =
    "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 "
    "AND NOT attisdropped ORDER BY quote_ident(attname)";

/// The columns of the tables that are in both.
Columns common(const Columns& one, const Columns& other) {
    Columns both;
    for (const auto& [table, columns] : one) {
        const auto found = other.find(table);
        if (found == other.end()) continue;
        auto& kept = both[table];
        std::set_intersection(columns.begin(), columns.end(), found->second.begin(), found->second.end(),
                              std::back_inserter(kept));
    }
    return both;
}

struct KeptRows : OnEmptyDatabase {
    Columns columns() {
        Columns found;
        for (const auto& table : test::tables_of(session))
            for (const auto row : session.query(columns_sql, table))
                found[table].push_back(row.get<std::string>(0));
        return found;
    }

    /// The rows of each table, of these columns alone.
    std::map<std::string, Rows> read(const Columns& columns) {
        std::map<std::string, Rows> found;
        for (const auto& [table, names] : columns) {
            auto& rows = found[table];
            const auto sql = fmt::format("SELECT to_jsonb(t)::text FROM (SELECT {} FROM {}) t ORDER BY 1",
                                         fmt::join(names, ", "), table);
            for (const auto row : session.query(sql)) rows.push_back(row.get<std::string>(0));
        }
        return found;
    }
};

/// A way down that says by a DELETE that rows have to go.
bool deletes(const Migration& migration) {
    for (const auto& statement : sql::parse(migration.down).statements)
        if (statement.kind == "DeleteStmt") return true;
    return false;
}

void expect_kept(const std::map<std::string, Rows>& before, const std::map<std::string, Rows>& after,
                 bool fewer) {
    for (const auto& [table, rows] : after) {
        const auto& old = before.at(table);
        if (fewer)
            EXPECT_TRUE(std::includes(old.begin(), old.end(), rows.begin(), rows.end())) << table;
        else
            EXPECT_EQ(rows, old) << table;
    }
}

TEST_F(KeptRows, SurviveEachWayDownAndUpAgain) {
    const auto all = embedded::embedded_migrations();
    for (std::size_t i = 0; i < all.size(); ++i) {
        SCOPED_TRACE(all[i].name);
        session.script("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
        Migrator(session, all.first(i)).migrate(ignore, Phases::all).value();
        const auto lower = read_catalog(session, "public");
        const auto below = columns();
        Migrator migrator(session, all.first(i + 1));
        migrator.migrate(ignore, Phases::all).value();
        const auto upper = read_catalog(session, "public");
        const auto kept = common(below, columns());

        for (const auto& table : test::fill_every_table(session)) ADD_FAILURE() << "no row for " << table;
        const auto filled = read(kept);
        migrator.rollback(i == 0 ? 0 : all[i - 1].number, ignore).value();
        for (const auto& one : compare(lower, read_catalog(session, "public"))) ADD_FAILURE() << one.object;
        const auto down = read(kept);
        expect_kept(filled, down, deletes(all[i]));

        migrator.migrate(ignore, Phases::all).value();
        EXPECT_EQ(read_catalog(session, "public"), upper);
        expect_kept(down, read(kept), false);
    }
}

}  // namespace
}  // namespace bb::db
