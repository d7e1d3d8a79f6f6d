#include "base/db/migrate.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/db/schema.hpp"
#include "base/db/schema_range.hpp"
#include "unit/base/db/empty_database.hpp"

namespace bb::db {
namespace {

const Migration small[] = {
    {1, "one", "CREATE TABLE one (id integer PRIMARY KEY, name text NOT NULL DEFAULT 'x');",
     "DROP TABLE one;"},
    {2, "two", "CREATE TABLE two (id integer); CREATE INDEX two_id ON two (id);", "DROP TABLE two;"},
};

using Migrate = OnEmptyDatabase;

TEST(SchemaRange, FitsTheMigrationsInsideTheProgram) {
    ASSERT_FALSE(embedded::embedded_migrations().empty());
    EXPECT_EQ(schema_max, embedded::embedded_migrations().back().number);
    EXPECT_LE(schema_min, schema_max);
    EXPECT_GE(schema_min, 1);
}

// Contract migrations at the end run only when nobody will go back: until then the program runs without them.
TEST(SchemaRange, BearsThatTheLastContractMigrationsWait) {
    const auto all = embedded::embedded_migrations();
    const auto needed = count_needed(all);
    ASSERT_GT(needed, 0u);
    EXPECT_LE(schema_min, all[needed - 1].number);
}

TEST_F(Migrate, AppliesEachMigrationOnce) {
    Migrator migrator(session, small);
    EXPECT_TRUE(migrator.empty());
    EXPECT_EQ(migrator.current(), 0);
    EXPECT_EQ(migrator.migrate(ignore).value().applied.size(), 2u);
    EXPECT_EQ(migrator.current(), 2);
    EXPECT_TRUE(migrator.migrate(ignore).value().applied.empty());
    EXPECT_FALSE(migrator.empty());
}

TEST_F(Migrate, LeavesNothingOfAMigrationThatFails) {
    const Migration broken[] = {
        small[0], {2, "bad", "CREATE TABLE bad (id integer); SELECT nonsense;", "DROP TABLE bad;"}};
    Migrator migrator(session, broken);
    EXPECT_THROW(migrator.migrate(ignore), SqlError);
    EXPECT_EQ(migrator.current(), 1);
    EXPECT_FALSE(session.query("SELECT to_regclass('bad') IS NOT NULL")[0].get<bool>(0));
    EXPECT_EQ(Migrator(session, small).migrate(ignore).value().applied.size(), 1u);
}

TEST_F(Migrate, SaysForWhomItWaitsAndNotForEver) {
    Session other(database);
    other.script("SET application_name = 'the other one'");
    other.script("SELECT pg_advisory_lock(4204716329)");
    Migrator migrator(session, small);
    std::string said;
    migrator.when_taken([&](std::string_view words) { said += words; }, std::chrono::milliseconds(100));
    const auto up = migrator.migrate(ignore);
    const auto down = migrator.rollback(0, ignore);
    ASSERT_TRUE(up.has_error() && down.has_error());
    for (const auto& refused : {up.error(), down.error()}) {
        EXPECT_EQ(refused.code, ErrorCode::unavailable);
        EXPECT_NE(refused.detail.find("the other one"), std::string::npos) << refused.detail;
    }
    EXPECT_EQ(said.find("Waiting for PostgreSQL's process "), 0u) << said;
    other.script("SELECT pg_advisory_unlock(4204716329)");
    EXPECT_EQ(migrator.migrate(ignore).value().applied.size(), 2u);
    EXPECT_EQ(session.query("SHOW lock_timeout")[0].get<std::string>(0), "0");
}

TEST_F(Migrate, WaitsForAnotherThatEnds) {
    Session other(database);
    other.script("SELECT pg_advisory_lock(4204716329)");
    Migrator migrator(session, small);
    std::thread end;
    migrator.when_taken([&](std::string_view) {
        end = std::thread([&] { other.script("SELECT pg_sleep(0.1), pg_advisory_unlock(4204716329)"); });
    });
    EXPECT_EQ(migrator.migrate(ignore).value().applied.size(), 2u);
    end.join();
}

TEST_F(Migrate, NamesAMigrationThatChangedAfterItWasApplied) {
    Migrator(session, small).migrate(ignore).value();
    const Migration changed[] = {small[0], {2, "two", "CREATE TABLE two (id bigint);", "DROP TABLE two;"}};
    Migrator migrator(session, changed);
    EXPECT_TRUE(migrator.status()[1].changed);
    const auto pending = migrator.pending();
    ASSERT_TRUE(pending.has_error());
    EXPECT_NE(pending.error().detail.find("Migration 2 (two)"), std::string::npos);
}

TEST_F(Migrate, LeavesWhatANewerProgramAppliedToThatProgram) {
    Migrator(session, small).migrate(ignore).value();
    Migrator older(session, Migrations(small, 1));
    const auto refused = older.rollback(0, ignore);
    ASSERT_TRUE(refused.has_error());
    EXPECT_NE(refused.error().detail.find("migration 2 (two)"), std::string::npos);
    EXPECT_EQ(older.current(), 2);
}

TEST_F(Migrate, SaysWhatARollbackDestroysAndDoesIt) {
    Migrator migrator(session, small);
    migrator.migrate(ignore).value();
    session.script("INSERT INTO one VALUES (1), (2)");
    const auto losses = migrator.losses(0).value();
    ASSERT_EQ(losses.size(), 2u);
    EXPECT_EQ(losses[0].drops, std::vector<std::string>{"table two (0 rows)"});
    EXPECT_EQ(losses[1].drops, std::vector<std::string>{"table one (2 rows)"});
    EXPECT_EQ(migrator.rollback(0, ignore).value().size(), 2u);
    EXPECT_EQ(migrator.current(), 0);
    EXPECT_TRUE(migrator.rollback(0, ignore).has_error());
}

TEST(DropsIn, FindsTablesAndColumnsAndSkipsComments) {
    const auto drops = drops_in(
        "-- DROP TABLE never;\nDROP TABLE IF EXISTS a, b CASCADE;\n"
        "ALTER TABLE c DROP COLUMN d, drop column if exists e;\nDROP INDEX f;");
    EXPECT_EQ(drops, (std::vector<std::string>{"table a", "table b", "column d of c", "column e of c"}));
}

TEST_F(Migrate, EveryWayDownUndoesItsWayUp) {
    const auto all = embedded::embedded_migrations();
    const auto catalog = [&] {
        return read_catalog(session, "public");
    };
    std::vector<Catalog> before;
    for (std::size_t i = 0; i < all.size(); ++i) {
        before.push_back(catalog());
        Migrator(session, all.first(i + 1)).migrate(ignore).value();
    }
    const auto whole = catalog();
    for (std::size_t i = all.size(); i-- > 0;) {
        Migrator(session, all).rollback(all[i].number - 1, ignore).value();
        for (const auto& one : compare(before[i], catalog()))
            ADD_FAILURE() << all[i].name << " is not undone: " << one.object;
    }
    Migrator(session, all).migrate(ignore).value();
    EXPECT_EQ(catalog(), whole);
}

TEST_F(Migrate, VerifyFindsNothingOnAnUntouchedSchema) {
    Migrator(session, embedded::embedded_migrations()).migrate(ignore).value();
    for (const auto& one : verify_schema(session, embedded::embedded_migrations()))
        ADD_FAILURE() << one.object << ": " << one.expected.value_or("-") << " / " << one.found.value_or("-");
}

TEST_F(Migrate, VerifyNamesEachDifference) {
    const Migration rich[] = {
        {1, "rich",
         "CREATE TABLE a (id integer PRIMARY KEY, name text NOT NULL DEFAULT 'x', n integer CHECK (n > 0));"
         "CREATE INDEX a_name ON a (name);"
         "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;"
         "CREATE TRIGGER a_f BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f();"
         "CREATE TYPE colour AS ENUM ('red', 'blue');",
         "DROP TABLE a; DROP FUNCTION f; DROP TYPE colour;"}};
    Migrator(session, rich).migrate(ignore).value();
    EXPECT_TRUE(verify_schema(session, rich).empty());
    const auto expected = expected_catalog(session, rich, 1);

    struct Case {
        const char* change;
        const char* object;
    };
    const Case cases[] = {
        {"ALTER TABLE a ADD extra text", "column a.extra"},
        {"ALTER TABLE a DROP COLUMN n", "column a.n"},
        {"ALTER TABLE a ALTER name TYPE varchar(9)", "column a.name"},
        {"ALTER TABLE a ALTER name DROP NOT NULL", "column a.name"},
        {"ALTER TABLE a ALTER name SET DEFAULT 'y'", "column a.name"},
        {"ALTER TABLE a DROP CONSTRAINT a_n_check", "constraint a_n_check on a"},
        {"DROP INDEX a_name", "index a_name on a"},
        {"DROP INDEX a_name; CREATE INDEX a_name ON a (name DESC)", "index a_name on a"},
        {"DROP TRIGGER a_f ON a", "trigger a_f on a"},
        {"ALTER TABLE a DISABLE TRIGGER a_f", "trigger a_f on a"},
        {"CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
         "function f()"},
        {"CREATE TABLE other (id integer)", "table other"},
        {"ALTER TYPE colour RENAME VALUE 'blue' TO 'green'", "type colour"},
        {"ALTER TABLE a SET (fillfactor = 70)", "table a"},
        {"CREATE VIEW v AS SELECT 1 AS one", "view v"},
    };
    for (const auto& one : cases) {
        SCOPED_TRACE(one.change);
        session.script(fmt::format("BEGIN; {}", one.change));
        bool named = false;
        for (const auto& difference : compare(expected, read_catalog(session, "public")))
            named = named || difference.object == one.object;
        session.script("ROLLBACK");
        EXPECT_TRUE(named);
    }
}

TEST(PrepareSchema, MigratesAnEmptyDatabaseAndRefusesAForeignOne) {
    const auto say = [](std::string_view) {
    };
    Session empty(empty_database());
    EXPECT_TRUE(prepare_schema(empty, false, say).has_value());
    EXPECT_TRUE(prepare_schema(empty, false, say).has_value());

    Session foreign(empty_database());
    foreign.script("CREATE TABLE theirs (id integer)");
    const auto refused = prepare_schema(foreign, false, say);
    ASSERT_TRUE(refused.has_error());
    EXPECT_NE(refused.error().detail.find("brainbytes db migrate"), std::string::npos);
    EXPECT_TRUE(prepare_schema(foreign, true, say).has_value());
}

TEST(SessionConnect, TellsWhyItCannot) {
    EXPECT_THROW(Session("host=/nonexistent user=nobody dbname=none"), Unavailable);
}

}  // namespace
}  // namespace bb::db
