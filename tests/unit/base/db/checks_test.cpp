#include "base/db/checks.hpp"

#include "base/db/migrate.hpp"
#include "unit/base/db/empty_database.hpp"

namespace bb::db {
namespace {

using State = Check::State;

struct Checks : OnEmptyDatabase {
    Checks() {
        session.script(
            "CREATE TABLE parent (id integer PRIMARY KEY, a integer, b integer, UNIQUE (a, b));"
            "CREATE TABLE child (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a integer, b integer, "
            "one integer,"
            " CONSTRAINT pair FOREIGN KEY (a, b) REFERENCES parent (a, b),"
            " CONSTRAINT single FOREIGN KEY (one) REFERENCES parent (id));"
            "INSERT INTO parent VALUES (1, 1, 1), (2, NULL, NULL);"
            "INSERT INTO child (a, b, one) VALUES (1, 1, 1), (NULL, 7, NULL)");
    }

    void expect_failed(const Check& check, const std::string& words) {
        EXPECT_EQ(check.state, State::failed) << check.detail;
        EXPECT_NE(check.detail.find(words), std::string::npos) << check.detail;
    }
};

TEST_F(Checks, FindNothingOnASoundDatabase) {
    for (const bool deep : {false, true})
        for (const auto& one : check_database(session, session, deep)) {
            // The database of this test is made without checksums.
            EXPECT_EQ(one.state, one.name == "checksums" ? State::skipped : State::ok)
                << one.name << ": " << one.detail;
        }
    EXPECT_TRUE(session.query("SELECT FROM pg_extension WHERE extname = 'amcheck'").empty());
}

TEST_F(Checks, NameAnIndexThatWasNotFinished) {
    session.script("INSERT INTO child (one) VALUES (1)");
    EXPECT_THROW(session.script("CREATE UNIQUE INDEX CONCURRENTLY broken ON child (one)"), SqlError);
    expect_failed(check_indexes(session), "broken");
}

TEST_F(Checks, NameAConstraintThatWasNotValidated) {
    session.script("ALTER TABLE child ADD CONSTRAINT later CHECK (a > 0) NOT VALID");
    expect_failed(check_constraints(session), "later on child");
    session.script("ALTER TABLE child VALIDATE CONSTRAINT later");
    EXPECT_EQ(check_constraints(session).state, State::ok);
}

TEST_F(Checks, CountRowsThatPointToNone) {
    session.script(
        "SET session_replication_role = replica; DELETE FROM parent WHERE id = 1; RESET "
        "session_replication_role");
    for (const bool deep : {false, true}) {
        expect_failed(check_foreign_keys(session, deep), "1 of child by pair");
        expect_failed(check_foreign_keys(session, deep), "1 of child by single");
    }
}

TEST_F(Checks, ReadAllRowsOnlyWhenAsked) {
    session.script(
        "CREATE TABLE many (one integer REFERENCES parent (id));"
        "INSERT INTO many SELECT 1 FROM generate_series(1, 10000); SET session_replication_role = replica;"
        "INSERT INTO many VALUES (99); RESET session_replication_role");
    EXPECT_EQ(check_foreign_keys(session, false).state, State::ok);
    expect_failed(check_foreign_keys(session, true), "1 of many");
}

TEST_F(Checks, NameASequenceThatFellBehind) {
    session.script("INSERT INTO child (id) OVERRIDING SYSTEM VALUE VALUES (50)");
    expect_failed(check_sequences(session), "child.id at 50");
    session.script("SELECT setval('child_id_seq', 50)");
    EXPECT_EQ(check_sequences(session).state, State::ok);
}

TEST_F(Checks, SayWhyTheInsideOfIndexesIsNotLookedAt) {
    session.script("CREATE ROLE modest; SET ROLE modest");
    const auto check = check_btrees(session, false);
    session.script("RESET ROLE; DROP ROLE modest");
    EXPECT_EQ(check.state, State::skipped);
    EXPECT_NE(check.detail.find("permission denied"), std::string::npos) << check.detail;
}

TEST_F(Checks, HoldOnTheSchemaOfThisProgram) {
    Session fresh(empty_database());
    const auto ignore = [](const Migration&) {
    };
    Migrator(fresh, embedded::embedded_migrations()).migrate(ignore, Phases::all).value();
    for (const auto& one : check_database(fresh, fresh, true))
        EXPECT_NE(one.state, State::failed) << one.name << ": " << one.detail;
}

}  // namespace
}  // namespace bb::db
