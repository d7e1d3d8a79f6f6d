// Phases, migrations without a transaction, and those that run in batches.
#include <thread>

#include "base/db/migrate.hpp"
#include "base/db/schema.hpp"
#include "unit/base/db/empty_database.hpp"

namespace bb::db {
namespace {

using Numbers = std::vector<int>;

Numbers numbers(const std::vector<Migration>& list) {
    Numbers found;
    for (const auto& one : list) found.push_back(one.number);
    return found;
}

const Migration phased[] = {
    {15, "one", "CREATE TABLE one (id integer PRIMARY KEY, old text);", "DROP TABLE one;"},
    {16, "new", "ALTER TABLE one ADD COLUMN new text;", "ALTER TABLE one DROP COLUMN new;"},
    {17, "old", "-- phase: contract\nALTER TABLE one DROP COLUMN old;",
     "ALTER TABLE one ADD COLUMN old text;"},
    {18, "two", "CREATE TABLE two (id integer);", "DROP TABLE two;"},
    {19, "end", "-- phase: contract\nDROP TABLE two;", "CREATE TABLE two (id integer);"},
};

using MigratePhases = OnEmptyDatabase;

TEST_F(MigratePhases, StopBeforeTheFirstOfAnother) {
    Migrator migrator(session, phased);
    auto first = migrator.migrate(ignore).value();
    EXPECT_EQ(numbers(first.applied), (Numbers{15, 16}));
    EXPECT_EQ(numbers(first.waiting), (Numbers{17, 18, 19}));
    ASSERT_TRUE(first.held_back);
    EXPECT_EQ(first.held_back->number, 18);
    EXPECT_TRUE(migrator.migrate(ignore).value().applied.empty());

    auto contract = migrator.migrate(ignore, Phases::contract).value();
    EXPECT_EQ(numbers(contract.applied), (Numbers{17}));
    ASSERT_TRUE(contract.held_back);
    EXPECT_EQ(contract.held_back->number, 19);

    auto next = migrator.migrate(ignore).value();
    EXPECT_EQ(numbers(next.applied), (Numbers{18}));
    EXPECT_FALSE(next.held_back);
    EXPECT_EQ(numbers(next.waiting), (Numbers{19}));
}

TEST_F(MigratePhases, OfAProgramsStartAreAllButTheLastContractOnes) {
    const auto plan = Migrator(session, phased).plan(Phases::needed).value();
    EXPECT_EQ(numbers(plan.applied), (Numbers{15, 16, 17, 18}));
    EXPECT_FALSE(plan.held_back);
    EXPECT_EQ(Migrator(session, phased).migrate(ignore, Phases::all).value().applied.size(), 5u);
}

TEST_F(MigratePhases, LeaveAloneWhatIsAboveANumber) {
    Migrator migrator(session, phased);
    migrator.stop_at(17);
    const auto some = migrator.migrate(ignore, Phases::all).value();
    EXPECT_EQ(numbers(some.applied), (Numbers{15, 16, 17}));
    EXPECT_TRUE(some.waiting.empty());
    EXPECT_FALSE(some.held_back);
    EXPECT_EQ(migrator.current(), 17);
    EXPECT_TRUE(migrator.plan(Phases::expand).value().applied.empty());
}

TEST_F(MigratePhases, OfANewerProgramAreNoHindranceWhileItHasOnlyAdded) {
    Migrator newer(session, phased);
    newer.migrate(ignore).value();
    Migrator older(session, Migrations(phased, 1));
    EXPECT_TRUE(older.pending().value().empty());
    EXPECT_TRUE(older.migrate(ignore, Phases::all).value().applied.empty());
    const auto back = older.losses(15);
    ASSERT_TRUE(back.has_error());
    EXPECT_NE(back.error().detail.find("migration 16 (new) of a newer program"), std::string::npos);

    newer.migrate(ignore, Phases::contract).value();
    EXPECT_NE(older.pending().error().detail.find("migration 17 (old), which this program does not know"),
              std::string::npos);
}

TEST_F(MigratePhases, TellWhatOnlyARestoreBringsBack) {
    Migrator migrator(session, phased);
    migrator.migrate(ignore, Phases::all).value();
    const auto all = migrator.losses(16).value();
    ASSERT_EQ(all.size(), 3u);
    // The table "two" was made and dropped above 16: who goes back there never knew it.
    EXPECT_TRUE(all[0].gone.empty());
    EXPECT_TRUE(all[1].gone.empty());
    EXPECT_EQ(all[2].gone, std::vector<std::string>{"column old of one"});
    const auto last = migrator.losses(18).value();
    EXPECT_EQ(last[0].gone, std::vector<std::string>{"table two"});
    const auto first = migrator.losses(0).value();
    for (const auto& one : first) EXPECT_TRUE(one.gone.empty()) << one.number;
}

TEST_F(MigratePhases, AreAskedOfTablesFromBeforeTheyWereNoted) {
    Migrator(session, Migrations(phased, 1)).migrate(ignore).value();
    session.script("ALTER TABLE schema_migrations DROP COLUMN phase");
    EXPECT_TRUE(Migrator(session, Migrations(phased, 1)).pending().value().empty());
    Migrator(session, Migrations(phased, 2)).migrate(ignore).value();
    EXPECT_TRUE(Migrator(session, Migrations(phased, 1)).pending().value().empty());
}

TEST_F(MigratePhases, AreNoDifferenceWhileTheLastContractOnesWait) {
    Migrator migrator(session, phased);
    migrator.migrate(ignore, Phases::needed).value();
    EXPECT_TRUE(verify_schema(session, phased).empty());
    migrator.rollback(17, ignore).value();
    const auto differences = verify_schema(session, phased);
    ASSERT_EQ(differences.size(), 1u);
    EXPECT_EQ(differences[0].object, "migration 18 two");
}

TEST_F(MigratePhases, AreTakenBackInOrder) {
    Migrator migrator(session, phased);
    migrator.migrate(ignore, Phases::all).value();
    EXPECT_EQ(numbers(migrator.rollback(16, ignore).value()), (Numbers{19, 18, 17}));
    EXPECT_EQ(migrator.status()[2].phase, Phase::contract);
    EXPECT_EQ(migrator.current(), 16);
}

TEST_F(MigratePhases, AreRefusedWithWhatBreaksARuleAndNothingIsApplied) {
    const Migration bad[] = {phased[0],
                             {16, "index", "CREATE TABLE two (id integer);", "DROP TABLE two;"},
                             {17, "lock", "LOCK TABLE one;", "SELECT 1;"}};
    Migrator migrator(session, bad);
    const auto refused = migrator.migrate(ignore);
    ASSERT_TRUE(refused.has_error());
    EXPECT_NE(refused.error().detail.find("0017_lock.up.sql:1: lock-table"), std::string::npos);
    EXPECT_EQ(migrator.current(), 0);
}

constexpr const char* index_up =
    "-- transaction: none\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS one_old ON one (old);";
const Migration indexed[] = {
    phased[0], {16, "index", index_up, "-- transaction: none\nDROP INDEX CONCURRENTLY IF EXISTS one_old;"}};

using WithoutTransaction = OnEmptyDatabase;

TEST_F(WithoutTransaction, AnIndexIsBuiltAndTakenBack) {
    Migrator migrator(session, indexed);
    migrator.migrate(ignore).value();
    EXPECT_TRUE(exists("one_old"));
    EXPECT_TRUE(verify_schema(session, indexed).empty());
    EXPECT_EQ(session.query("SHOW lock_timeout")[0].get<std::string>(0), "0");
    migrator.rollback(15, ignore).value();
    EXPECT_FALSE(exists("one_old"));
}

TEST_F(WithoutTransaction, WhatABrokenTryLeftIsBuiltAnew) {
    Migrator migrator(session, indexed);
    Migrator(session, Migrations(indexed, 1)).migrate(ignore).value();
    session.script("INSERT INTO one VALUES (1, 'same'), (2, 'same')");
    EXPECT_THROW(migrator.migrate(ignore), SqlError);
    EXPECT_TRUE(exists("one_old"));  // invalid, as a crash would leave it
    EXPECT_EQ(migrator.current(), 15);
    session.script("DELETE FROM one WHERE id = 2");
    migrator.migrate(ignore).value();
    EXPECT_TRUE(
        session.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'one_old'::regclass")[0].get<bool>(
            0));
}

TEST_F(WithoutTransaction, AnotherThatWaitsForItsTurnIsNotWaitedFor) {
    Migrator(session, Migrations(indexed, 1)).migrate(ignore).value();
    Session second(database);
    Migrator other(second, indexed);
    std::thread waiting;
    Migrator first(session, indexed);
    const auto step = [&](const Migration&) {
        waiting = std::thread([&] { EXPECT_TRUE(other.migrate(ignore).value().applied.empty()); });
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
    };
    EXPECT_EQ(first.migrate(step).value().applied.size(), 1u);
    waiting.join();
}

constexpr const char* fill =
    "-- transaction: batches\nUPDATE one SET old = 'filled' WHERE id IN (SELECT id FROM one WHERE old IS "
    "NULL "
    "ORDER BY id LIMIT 100)";
const Migration filled[] = {phased[0], {16, "fill", fill, "-- The texts stay: they hurt nobody."}};

using InBatches = OnEmptyDatabase;

TEST_F(InBatches, EveryRowIsReachedAndTheEndIsSaid) {
    Migrator(session, Migrations(filled, 1)).migrate(ignore).value();
    session.script("INSERT INTO one SELECT n FROM generate_series(1, 1050) n");
    std::string said;
    Migrator migrator(session, filled);
    migrator.when_taken([&](std::string_view words) { said += words; });
    migrator.migrate(ignore).value();
    EXPECT_EQ(number("SELECT count(*) FROM one WHERE old IS NULL"), 0);
    EXPECT_EQ(number("SELECT count(DISTINCT xmin::text) FROM one"), 11) << "one transaction for each batch";
    EXPECT_EQ(said, "Migration 16 (fill): 1050 rows in all.");
    EXPECT_EQ(migrator.current(), 16);
}

TEST_F(InBatches, WhatWasDoneBeforeAFailureStaysAndTheRestIsDoneLater) {
    Migrator(session, Migrations(filled, 1)).migrate(ignore).value();
    session.script(
        "INSERT INTO one SELECT n FROM generate_series(1, 500) n;"
        "ALTER TABLE one ADD CONSTRAINT hurdle CHECK (id <> 250 OR old IS NULL)");
    Migrator migrator(session, filled);
    EXPECT_THROW(migrator.migrate(ignore), SqlError);
    EXPECT_EQ(number("SELECT count(*) FROM one WHERE old IS NOT NULL"), 200);
    EXPECT_EQ(migrator.current(), 15);
    session.script("ALTER TABLE one DROP CONSTRAINT hurdle");
    EXPECT_EQ(migrator.migrate(ignore).value().applied.size(), 1u);
    EXPECT_EQ(number("SELECT count(*) FROM one WHERE old IS NULL"), 0);
}

TEST_F(InBatches, WhatFindsTheSameRowsAgainIsEnded) {
    constexpr const char* endless =
        "-- transaction: batches\nUPDATE one SET old = 'x' WHERE id IN (SELECT id FROM one ORDER BY id LIMIT "
        "2000)";
    const Migration list[] = {phased[0], {16, "endless", endless, "-- Nothing to undo."}};
    Migrator(session, Migrations(list, 1)).migrate(ignore).value();
    session.script("INSERT INTO one SELECT n FROM generate_series(1, 2000) n");
    Migrator migrator(session, list);
    const auto refused = migrator.migrate(ignore);
    ASSERT_TRUE(refused.has_error());
    EXPECT_NE(refused.error().detail.find("find the same ones again"), std::string::npos);
    EXPECT_EQ(migrator.current(), 15);
}

}  // namespace
}  // namespace bb::db
