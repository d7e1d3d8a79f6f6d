// Every migration down and up again, on a schema full of rows.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <map>
#include <regex>

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

constexpr const char* triggers_sql =
    "SELECT tgrelid::regclass::text, quote_ident(tgname) FROM pg_trigger WHERE tgenabled = 'A'";

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

    /// Takes all rows away, also those of the audit log, whose triggers refuse it.
    void empty() {
        std::string off, on;
        for (const auto row : session.query(triggers_sql)) {
            off += fmt::format("ALTER TABLE {} DISABLE TRIGGER {};", row.get<std::string>(0),
                               row.get<std::string>(1));
            on += fmt::format("ALTER TABLE {} ENABLE ALWAYS TRIGGER {};", row.get<std::string>(0),
                              row.get<std::string>(1));
        }
        session.script(
            fmt::format("{} TRUNCATE {} CASCADE; {}", off, fmt::join(test::tables_of(session), ", "), on));
    }

    /// The rows of each table, of these columns alone.
    std::map<std::string, Rows> read(const Columns& columns) {
        std::map<std::string, Rows> found;
        for (const auto& [table, names] : columns) {
            auto& rows = found[table];
            const auto sql = fmt::format("SELECT to_jsonb(t)::text FROM (SELECT {} FROM {}) t",
                                         fmt::join(names, ", "), table);
            for (const auto row : session.query(sql)) rows.push_back(row.get<std::string>(0));
            std::sort(rows.begin(), rows.end());
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

/// The columns without those that the way down rewrites by an UPDATE, as older checks want them.
Columns untouched(Columns columns, const Migration& migration) {
    static const std::regex update(R"(\bUPDATE (\w+) SET (\w+) =)");
    const std::string down(migration.down);
    for (std::sregex_iterator found(down.begin(), down.end(), update), end; found != end; ++found)
        std::erase(columns[(*found)[1]], (*found)[2].str());
    return columns;
}

/// Not by EXPECT_EQ, which would print pages.
void expect_kept(const std::map<std::string, Rows>& before, const std::map<std::string, Rows>& after,
                 bool fewer) {
    for (const auto& [table, rows] : after) {
        const auto& old = before.at(table);
        Rows added, lost;
        std::set_difference(rows.begin(), rows.end(), old.begin(), old.end(), std::back_inserter(added));
        std::set_difference(old.begin(), old.end(), rows.begin(), rows.end(), std::back_inserter(lost));
        for (const auto& row : added) ADD_FAILURE() << table << " has another row: " << row.substr(0, 2000);
        for (const auto& row : lost)
            if (!fewer) ADD_FAILURE() << table << " has lost a row: " << row.substr(0, 2000);
    }
}

/// BB_SEED=N: that one alone, as a failure names it. BB_LONG: many.
std::vector<unsigned> seeds() {
    if (const char* one = std::getenv("BB_SEED"))
        return {static_cast<unsigned>(std::strtoul(one, nullptr, 10))};
    const unsigned count = std::getenv("BB_LONG") != nullptr ? 40 : 3;
    std::vector<unsigned> list;
    for (unsigned seed = 1; seed <= count; ++seed) list.push_back(seed);
    return list;
}

/// One migration, down and up again, over the rows of each seed.
struct DownAndUp {
    KeptRows& test;
    Migrator& migrator;
    const Migration& migration;
    int below;  // the schema under it
    const Catalog &lower, &upper;
    const Columns& kept;

    void run(unsigned seed) const {
        test.empty();
        for (const auto& table : test::fill_every_table(test.session, seed))
            ADD_FAILURE() << "no row for " << table;
        const auto filled = test.read(kept);
        migrator.rollback(below, ignore).value();
        for (const auto& one : compare(lower, read_catalog(test.session, "public")))
            ADD_FAILURE() << one.object;
        const auto down = test.read(kept);
        expect_kept(filled, down, deletes(migration));

        migrator.migrate(ignore, Phases::all).value();
        EXPECT_EQ(read_catalog(test.session, "public"), upper);
        expect_kept(down, test.read(kept), false);
    }
};

TEST_F(KeptRows, SurviveEachWayDownAndUpAgain) {
    const auto list = seeds();
    std::cout << fmt::format("Rows are made up from the seeds {}.\n", fmt::join(list, ", "));
    const auto all = embedded::embedded_migrations();
    for (std::size_t i = 0; i < all.size(); ++i) {
        SCOPED_TRACE(all[i].name);
        const auto lower = read_catalog(session, "public");
        const auto before = columns();
        Migrator migrator(session, all.first(i + 1));
        migrator.migrate(ignore, Phases::all).value();
        const auto upper = read_catalog(session, "public");
        const auto kept = untouched(common(before, columns()), all[i]);
        const int below = i == 0 ? 0 : all[i - 1].number;
        const DownAndUp step{*this, migrator, all[i], below, lower, upper, kept};
        for (const auto seed : list) {
            SCOPED_TRACE(fmt::format("seed {}: BB_SEED={} for it alone", seed, seed));
            // Otherwise it would be told without the seed.
            ASSERT_NO_THROW(step.run(seed));
        }
    }
}

// What the other test stands on: rows of all kinds, and the same again for who looks into a failure.
TEST_F(KeptRows, AreMadeUpFromTheirSeedAndReachTheEndsOfTheTypes) {
    session.script(
        "CREATE TABLE all_kinds (id uuid PRIMARY KEY, words text, s text CHECK (char_length(s) BETWEEN 1 AND "
        "30), "
        "i integer, b bigint, d double precision, at timestamptz, j jsonb, a text[], n bigint[], y bytea)");
    const auto rows_of = [&](unsigned seed) {
        session.script("TRUNCATE all_kinds");
        EXPECT_TRUE(test::fill_every_table(session, seed).empty());
        return read(columns())["all_kinds"];
    };
    EXPECT_EQ(rows_of(1), rows_of(1));
    EXPECT_NE(rows_of(1), rows_of(2));
    session.script("CREATE TABLE seen AS SELECT * FROM all_kinds WHERE false");
    for (unsigned seed = 1; seed <= 40; ++seed) {
        rows_of(seed);
        session.script("INSERT INTO seen SELECT * FROM all_kinds");
    }
    for (const char* kind :
         {"words IS NULL", "words = ''", "char_length(words) > 5000",
          "octet_length(words) > char_length(words)", "char_length(s) = 30", "i = 2147483647",
          "b = -9223372036854775808", "d = 5e-324", "d = 'NaN'",
          "date_part('microseconds', at)::int % 1000 <> 0", "at = 'infinity'", "jsonb_typeof(j) = 'array'",
          "j::text ~ '🙂'", "array_position(a, NULL) IS NOT NULL", "n = '{}'", "octet_length(y) = 0",
          "position('\\x00'::bytea IN y) > 0"})
        EXPECT_GT(number(std::string("SELECT count(*) FROM seen WHERE ") + kind), 0) << kind;
}

}  // namespace
}  // namespace bb::db
