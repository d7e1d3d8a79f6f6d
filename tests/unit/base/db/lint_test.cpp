#include "base/db/lint/lint.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/db/lint/sql.hpp"

namespace bb::db {
namespace {

constexpr const char* tables =
    "CREATE TABLE one (id integer PRIMARY KEY, name text, size varchar(9), CONSTRAINT named CHECK (name IS "
    "NOT NULL));"
    "CREATE TABLE two (id integer PRIMARY KEY, one_id integer REFERENCES one (id));"
    "CREATE INDEX two_one ON two (one_id); CREATE VIEW seen AS SELECT 1 AS one;"
    "CREATE MATERIALIZED VIEW stored AS SELECT 1 AS one;"
    "CREATE TABLE days (at date) PARTITION BY RANGE (at); CREATE TABLE loose (at date);"
    "CREATE TABLE monday (at date, CONSTRAINT held CHECK (at = '2026-11-02')); CREATE DOMAIN grade AS "
    "integer;";

/// The report on one migration after those tables are in use.
LintReport report_on(std::string_view up, std::string_view down = "SELECT 1;") {
    const Migration list[] = {{14, "tables", tables, "DROP TABLE two, one;"}, {15, "change", up, down}};
    return lint(list);
}

/// "rule line" of each finding.
std::vector<std::string> rules_broken(std::string_view up, std::string_view down = "SELECT 1;") {
    std::vector<std::string> found;
    for (const auto& one : report_on(up, down).findings)
        found.push_back(fmt::format("{} {}", one.rule, one.line));
    return found;
}

struct Case {
    const char* rule;
    const char* up;
};

TEST(Lint, RefusesWhatHurtsAndNamesTheRule) {
    const Case cases[] = {
        {"sql", "ALTER TABLE one ADD"},
        {"header", "-- phase: later\nSELECT 1;"},
        {"header", "-- transaction: maybe\nSELECT 1;"},
        {"header", "SELECT 1;\n-- phase: contract\n"},
        {"table-rewrite", "ALTER TABLE one ADD COLUMN at timestamptz DEFAULT clock_timestamp();"},
        {"table-rewrite", "ALTER TABLE one ADD COLUMN key uuid NOT NULL DEFAULT gen_random_uuid();"},
        {"table-rewrite", "ALTER TABLE one ADD COLUMN n serial;"},
        {"table-rewrite", "ALTER TABLE one ADD COLUMN n integer GENERATED ALWAYS AS IDENTITY;"},
        {"table-rewrite", "ALTER TABLE one ADD COLUMN l integer GENERATED ALWAYS AS (length(name)) STORED;"},
        {"table-rewrite", "ALTER TABLE one ALTER COLUMN id TYPE bigint;"},
        {"table-rewrite", "ALTER TABLE one SET TABLESPACE elsewhere;"},
        {"table-rewrite", "ALTER TABLE one SET UNLOGGED;"},
        {"not-null-without-default", "ALTER TABLE one ADD COLUMN b text NOT NULL;"},
        {"index-blocks-writes", "CREATE INDEX one_name ON one (name);"},
        {"index-blocks-writes", "CREATE UNIQUE INDEX one_name ON one (name);"},
        {"needs-no-transaction", "CREATE INDEX CONCURRENTLY IF NOT EXISTS one_name ON one (name);"},
        {"needs-no-transaction", "VACUUM one;"},
        {"not-repeatable", "-- transaction: none\nCREATE INDEX CONCURRENTLY one_name ON one (name);"},
        {"needs-no-transaction", "ALTER TABLE days DETACH PARTITION monday CONCURRENTLY;"},
        {"not-repeatable", "-- transaction: none\nCREATE TABLE three (id integer);"},
        {"not-repeatable", "-- transaction: none\nALTER TABLE days DETACH PARTITION monday CONCURRENTLY;"},
        {"constraint-scan", "ALTER TABLE two ADD CONSTRAINT f FOREIGN KEY (one_id) REFERENCES one (id);"},
        {"constraint-scan", "ALTER TABLE one ADD CHECK (id > 0);"},
        {"constraint-scan", "ALTER TABLE one ADD COLUMN n integer CHECK (n > 0);"},
        {"constraint-scan", "ALTER TABLE days ATTACH PARTITION loose DEFAULT;"},
        {"constraint-scan",
         "CREATE TABLE weeks (at date) PARTITION BY RANGE (at); ALTER TABLE weeks ATTACH PARTITION loose "
         "DEFAULT;"},
        {"constraint-scan", "ALTER DOMAIN grade ADD CONSTRAINT low CHECK (value < 7);"},
        {"detach-blocks", "ALTER TABLE days DETACH PARTITION monday;"},
        {"validate-at-once",
         "ALTER TABLE one ADD CONSTRAINT c CHECK (id > 0) NOT VALID; ALTER TABLE one VALIDATE CONSTRAINT c;"},
        {"validate-at-once",
         "ALTER DOMAIN grade ADD CONSTRAINT low CHECK (value < 7) NOT VALID; ALTER DOMAIN grade VALIDATE "
         "CONSTRAINT low;"},
        {"set-not-null", "ALTER TABLE one ALTER COLUMN size SET NOT NULL;"},
        {"unique-without-index", "ALTER TABLE one ADD CONSTRAINT u UNIQUE (name);"},
        {"unique-without-index", "ALTER TABLE one ADD COLUMN code text UNIQUE;"},
        {"unique-without-index", "ALTER TABLE one ADD EXCLUDE USING gist (name WITH =);"},
        {"drop", "DROP TABLE one;"},
        {"drop", "DROP INDEX two_one;"},
        {"drop", "DROP VIEW seen;"},
        {"drop", "DROP FUNCTION f();"},
        {"drop", "DROP TRIGGER t ON one;"},
        {"drop", "ALTER TABLE one DROP COLUMN name;"},
        {"drop", "ALTER TABLE two DROP CONSTRAINT two_one_id_fkey;"},
        {"rename", "ALTER TABLE one RENAME TO other;"},
        {"rename", "ALTER TABLE one RENAME COLUMN name TO title;"},
        {"rename", "ALTER TABLE one SET SCHEMA elsewhere;"},
        {"rename", "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';"},
        {"lock-timeout", "SET lock_timeout = 0;"},
        {"lock-timeout", "SET LOCAL lock_timeout = '11s';"},
        {"lock-timeout", "SET lock_timeout TO DEFAULT;"},
        {"lock-timeout", "RESET ALL;"},
        {"lock-timeout", "SELECT set_config('lock_timeout', '1min', true);"},
        {"lock-table", "LOCK TABLE one;"},
        {"full-rewrite", "CLUSTER one USING one_pkey;"},
        {"full-rewrite", "REINDEX TABLE one;"},
        {"full-rewrite", "-- transaction: none\nVACUUM FULL one;"},
        {"full-rewrite", "REFRESH MATERIALIZED VIEW stored;"},
        {"whole-table-write", "UPDATE one SET name = 'x';"},
        {"whole-table-write", "UPDATE one SET name = 'x' WHERE name IS NULL;"},
        {"whole-table-write", "DELETE FROM one WHERE size = 'x';"},
        {"whole-table-write", "WITH gone AS (DELETE FROM two RETURNING id) SELECT count(*) FROM gone;"},
        {"whole-table-write", "TRUNCATE one;"},
        {"whole-table-write",
         "MERGE INTO one USING two ON one.id = two.one_id WHEN MATCHED THEN UPDATE SET name = 'x';"},
        {"whole-table-write", "MERGE INTO one USING two ON one.id = two.one_id WHEN MATCHED THEN DELETE;"},
        {"batch",
         "-- transaction: batches\nMERGE INTO one USING (SELECT id FROM two LIMIT 9) t ON one.id = t.id WHEN "
         "MATCHED THEN DELETE;"},
        {"batch", "-- transaction: batches\nUPDATE one SET name = 'x' WHERE name IS NULL;"},
        {"transaction-control", "COMMIT;"},
        {"unchecked-code", "DO $$ BEGIN DELETE FROM one; END $$;"},
    };
    for (const auto& one : cases) {
        SCOPED_TRACE(one.up);
        const auto report = report_on(one.up);
        ASSERT_FALSE(report.findings.empty());
        EXPECT_EQ(report.findings[0].rule, one.rule) << report.findings[0].detail;
        EXPECT_EQ(report.findings[0].number, 15);
        EXPECT_EQ(report.findings[0].file, "0015_change.up.sql");
        EXPECT_FALSE(report.findings[0].detail.empty());
    }
}

TEST(Lint, LetsTheSafeWaysPass) {
    const char* safe[] = {
        "CREATE TABLE three (id integer PRIMARY KEY, one_id integer NOT NULL REFERENCES one (id), n integer);"
        "CREATE INDEX three_one ON three (one_id); ALTER TABLE three ADD CHECK (n > 0);"
        "UPDATE three SET n = 1; ALTER TABLE three ALTER n SET NOT NULL; DROP INDEX three_one;"
        "CREATE INDEX three_one ON three (one_id, n);",
        "ALTER TABLE one ADD COLUMN at timestamptz NOT NULL DEFAULT now();",
        "ALTER TABLE one ADD COLUMN list text[] NOT NULL DEFAULT '{}', ADD COLUMN b boolean;",
        "ALTER TABLE one ADD COLUMN key uuid; ALTER TABLE one ALTER COLUMN key SET DEFAULT "
        "gen_random_uuid();",
        "-- transaction: none\nCREATE INDEX CONCURRENTLY IF NOT EXISTS one_name ON one (name);",
        "-- transaction: none\nVACUUM (ANALYZE) one; REINDEX TABLE CONCURRENTLY one;",
        "ALTER TABLE one ADD CONSTRAINT c CHECK (id > 0) NOT VALID;",
        "ALTER TABLE two ADD CONSTRAINT f FOREIGN KEY (one_id) REFERENCES one (id) NOT VALID;",
        "ALTER TABLE one VALIDATE CONSTRAINT older;",
        "ALTER TABLE one ALTER COLUMN name SET NOT NULL, DROP CONSTRAINT named;",
        "ALTER TABLE one ADD CONSTRAINT u UNIQUE USING INDEX one_name;",
        "-- phase: contract\nDROP VIEW seen; ALTER TABLE one DROP COLUMN name; ALTER TABLE two RENAME TO "
        "other;",
        "SET LOCAL lock_timeout = '5s';",
        "UPDATE one SET name = 'x' WHERE id = 1;",
        "-- transaction: batches\nUPDATE one SET name = 'x' WHERE id IN (SELECT id FROM one WHERE name IS "
        "NULL LIMIT 9);",
        "INSERT INTO one (id) VALUES (1);",
        "MERGE INTO one USING two ON one.id = two.id WHEN NOT MATCHED THEN INSERT (id) VALUES (two.id);",
        "ALTER TYPE mood ADD VALUE 'glad';",
        "-- phase: contract\nALTER TYPE mood RENAME VALUE 'sad' TO 'blue';",
        "ALTER DOMAIN grade ADD CONSTRAINT low CHECK (value < 7) NOT VALID;",
        "ALTER DOMAIN grade VALIDATE CONSTRAINT older;",
        "ALTER TABLE days ATTACH PARTITION monday FOR VALUES FROM ('2026-11-02') TO ('2026-11-03');",
        "CREATE TABLE fresh (at date); ALTER TABLE days ATTACH PARTITION fresh DEFAULT;",
        "-- transaction: none\n-- safe: cut off, it is ended by FINALIZE\nALTER TABLE days DETACH PARTITION "
        "monday CONCURRENTLY;",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM one; RETURN NULL; END "
        "$$;",
    };
    for (const auto* up : safe) {
        SCOPED_TRACE(up);
        for (const auto& one : report_on(up).findings) ADD_FAILURE() << sentence(one);
    }
}

TEST(Lint, WantsAWayDownThatCanBeRead) {
    EXPECT_EQ(rules_broken("SELECT 1;", ""), std::vector<std::string>{"missing-down 1"});
    EXPECT_EQ(rules_broken("SELECT 1;", "\n\nDROP TABEL a;"), std::vector<std::string>{"sql 3"});
    EXPECT_EQ(rules_broken("SELECT 1;", "-- transaction: non\nSELECT 1;"),
              std::vector<std::string>{"header 1"});
    EXPECT_TRUE(rules_broken("SELECT 1;", "-- Nothing to undo: the rows stay right.\n").empty());
}

TEST(Lint, WantsAnIndexForEachForeignKey) {
    const auto made = [](const std::string& more) {
        return "CREATE TABLE three (a integer REFERENCES one (id), b integer, c integer);" + more;
    };
    const std::vector<std::string> missing{"foreign-key-index 1"};
    EXPECT_EQ(rules_broken(made("")), missing);
    EXPECT_EQ(rules_broken(made("CREATE INDEX i ON three (b, a);")), missing);
    EXPECT_EQ(rules_broken(made("CREATE INDEX i ON three (a) WHERE b > 0;")), missing);
    EXPECT_EQ(rules_broken(made("CREATE INDEX i ON three USING gin (a);")), missing);
    EXPECT_EQ(rules_broken(made("CREATE INDEX i ON three (a); DROP INDEX i;")), missing);
    EXPECT_TRUE(rules_broken(made("CREATE INDEX i ON three (a, b);")).empty());
    EXPECT_TRUE(rules_broken(made("CREATE INDEX i ON three (a) WHERE a IS NOT NULL;")).empty());
    EXPECT_TRUE(rules_broken(made("ALTER TABLE three ADD UNIQUE (a);")).empty());
    // One column of the key alone names the row that is pointed to.
    const std::string pair =
        "CREATE TABLE p (id integer PRIMARY KEY, o integer, UNIQUE (o, id));"
        "CREATE TABLE c (o integer, p_id integer, FOREIGN KEY (o, p_id) REFERENCES p (o, id));";
    EXPECT_EQ(rules_broken(pair + "CREATE INDEX i ON c (o);"), missing);
    EXPECT_TRUE(rules_broken(pair + "CREATE INDEX i ON c (p_id);").empty());
    EXPECT_TRUE(rules_broken(pair + "CREATE INDEX i ON c (p_id, o);").empty());
}

TEST(Lint, TakesAReasonOnTheLineBefore) {
    const auto report = report_on("SELECT 1;\n-- safe: ten rows, for ever\nUPDATE one\nSET name = 'x';\n");
    EXPECT_TRUE(report.findings.empty());
    ASSERT_EQ(report.excuses.size(), 1u);
    EXPECT_EQ(report.excuses[0].reason, "ten rows, for ever");
    EXPECT_EQ(report.excuses[0].finding.rule, "whole-table-write");
    EXPECT_EQ(report.excuses[0].finding.line, 3);

    EXPECT_EQ(rules_broken("-- safe:\nLOCK TABLE one;"), std::vector<std::string>{"safe-without-reason 2"});
    EXPECT_EQ(rules_broken("-- safe: reason\n\nLOCK TABLE one;"), std::vector<std::string>{"lock-table 3"});
    EXPECT_EQ(rules_broken("-- safe: reason\nSELECT 1;\nLOCK TABLE one;"),
              std::vector<std::string>{"lock-table 3"});
}

TEST(Lint, RemembersWhatMigrationsBeforeDid) {
    const Migration list[] = {
        {14, "tables", tables, "DROP TABLE two, one;"},
        {15, "check", "ALTER TABLE one ADD CONSTRAINT c CHECK (size IS NOT NULL) NOT VALID;", "SELECT 1;"},
        {16, "early", "ALTER TABLE one ALTER size SET NOT NULL;", "SELECT 1;"},
        {17, "validate", "ALTER TABLE one VALIDATE CONSTRAINT c;", "SELECT 1;"},
        {18, "late", "ALTER TABLE one ALTER size SET NOT NULL; ALTER TABLE one DROP CONSTRAINT c;",
         "SELECT 1;"},
    };
    const auto report = lint(list);
    ASSERT_EQ(report.findings.size(), 1u);
    EXPECT_EQ(report.findings[0].number, 16);
    EXPECT_EQ(report.findings[0].rule, "set-not-null");
}

TEST(Lint, HoldsOldMigrationsOnlyToWhatCanStillBePutRight) {
    const Migration list[] = {
        {13, "tables", tables, "DROP TABLE two, one;"},
        {14, "old", "UPDATE one SET name = 'x';\nCREATE TABLE three (one_id integer REFERENCES one (id));",
         ""},
        {15, "new", "SELECT 1;", "SELECT 1;"},
        {16, "index",
         "-- transaction: none\nCREATE INDEX CONCURRENTLY IF NOT EXISTS three_one ON three (one_id);",
         "SELECT 1;"},
        {17, "worse", "DROP INDEX three_one;", "SELECT 1;"}};
    const auto report = lint(Migrations(list, 3));
    ASSERT_EQ(report.baseline.size(), 2u);
    EXPECT_EQ(report.baseline[0].rule, "whole-table-write");
    EXPECT_EQ(report.baseline[1].rule, "foreign-key-index");
    EXPECT_EQ(report.baseline[1].file, "0014_old.up.sql");
    EXPECT_EQ(report.baseline[1].line, 2);
    ASSERT_EQ(report.findings.size(), 1u);
    EXPECT_EQ(report.findings[0].rule, "missing-down");

    EXPECT_EQ(lint(Migrations(list, 4)).baseline.size(), 1u);
    const auto worse = lint(list);
    ASSERT_EQ(worse.findings.size(), 3u);
    EXPECT_EQ(worse.findings[1].rule, "drop");
    EXPECT_EQ(worse.findings[2].rule, "foreign-key-index");
    EXPECT_EQ(worse.findings[2].number, 17);
}

TEST(Lint, FindsNothingAgainstTheMigrationsOfThisProgram) {
    for (const auto& one : lint(embedded::embedded_migrations()).findings) ADD_FAILURE() << sentence(one);
}

TEST(Refusal, NamesOnlyWhatIsPending) {
    const Migration list[] = {{15, "bad", "LOCK TABLE one;", "SELECT 1;"},
                              {16, "good", "SELECT 1;", "SELECT 1;"}};
    EXPECT_FALSE(refusal(list, {list[1]}));
    const auto refused = refusal(list, {list[0], list[1]});
    ASSERT_TRUE(refused);
    EXPECT_NE(refused->detail.find("0015_bad.up.sql:1: lock-table: "), std::string::npos) << refused->detail;
}

TEST(ParseSql, GivesEachStatementItsTextAndLine) {
    const auto script = sql::parse(
        "-- words; more\n/* a /* nested */ one; */\nSELECT 1;\n\n  SELECT '\xc3\xa9;';\nCREATE FUNCTION f() "
        "RETURNS int "
        "LANGUAGE sql AS $$ SELECT 1; $$");
    ASSERT_EQ(script.statements.size(), 3u);
    EXPECT_EQ(script.statements[0].line, 3);
    EXPECT_EQ(script.statements[0].text, "SELECT 1");
    EXPECT_EQ(script.statements[1].line, 5);
    EXPECT_EQ(script.statements[1].text, "SELECT '\xc3\xa9;'");
    EXPECT_EQ(script.statements[2].kind, "CreateFunctionStmt");
    EXPECT_TRUE(sql::parse("").statements.empty());
    EXPECT_FALSE(sql::parse("").fault);
}

TEST(ParseSql, SurvivesWhatNestsTooDeep) {
    std::string deep = "SELECT ";
    for (int i = 0; i < 500; ++i) deep += "(1 + ";
    deep += "1";
    for (int i = 0; i < 500; ++i) deep += ")";
    EXPECT_TRUE(sql::parse(deep).fault);
}

}  // namespace
}  // namespace bb::db
