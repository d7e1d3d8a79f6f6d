#include <gtest/gtest.h>

#include "base/db/session.hpp"
#include "unit/support/postgres.hpp"

namespace bb::db {
namespace {

Session& session() {
    static Session instance(test::TemporaryPostgres::shared().conninfo());
    return instance;
}

/// Sends a value to the server and reads it back.
template <class T>
T round_trip(const T& value) {
    return session().query("SELECT $1", value)[0].template get<T>(0);
}

TEST(Rows, EveryTypeGoesThereAndBack) {
    EXPECT_TRUE(round_trip(true));
    EXPECT_FALSE(round_trip(false));
    EXPECT_EQ(round_trip(std::int32_t{-7}), -7);
    EXPECT_EQ(round_trip(std::numeric_limits<std::int64_t>::min()), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(round_trip(-0.1), -0.1);
    EXPECT_EQ(round_trip(std::string("Ñandú 😀 \"quoted\" \\")), "Ñandú 😀 \"quoted\" \\");
    EXPECT_EQ(round_trip(std::string()), "");
    const Uuid id = Uuid::make();
    EXPECT_EQ(round_trip(id), id);
    const Time time = now();
    EXPECT_EQ(round_trip(time), time);
    const Time before_epoch =
        std::chrono::sys_days(std::chrono::year(1901) / 2 / 3) + std::chrono::microseconds(5);
    EXPECT_EQ(round_trip(before_epoch), before_epoch);
}

TEST(Rows, ArraysGoThereAndBack) {
    const std::vector<std::string> texts{"a", "", "with,comma", "NULL", "{}"};
    EXPECT_EQ(round_trip(texts), texts);
    EXPECT_TRUE(round_trip(std::vector<std::string>()).empty());
    const std::vector<std::int32_t> small{1, -2, 3};
    EXPECT_EQ(round_trip(small), small);
    const std::vector<std::int64_t> large{1LL << 40, -5};
    EXPECT_EQ(round_trip(large), large);
    const std::vector<Uuid> ids{Uuid::make(), Uuid::make()};
    EXPECT_EQ(round_trip(ids), ids);
    const auto views = std::vector<std::string_view>{"x", "y"};
    EXPECT_EQ(session().query("SELECT $1", views)[0].get<std::vector<std::string>>(0).size(), 2u);
}

TEST(Rows, BytesAndJsonKeepTheirContent) {
    const std::string raw("\0\x01\xff\\", 4);
    EXPECT_EQ(session().query("SELECT $1", Bytes{raw})[0].get<std::string>(0), raw);
    EXPECT_EQ(session().query("SELECT $1", Json{R"({"a":[1,2]})"})[0].get<std::string>(0),
              R"({"a": [1, 2]})");
    const auto digest = crypto::sha256("x");
    EXPECT_EQ(round_trip(digest), digest);
    EXPECT_THROW(session().query("SELECT $1", Bytes{raw})[0].get<crypto::Digest>(0), std::logic_error);
    EXPECT_THROW(session().query("SELECT $1", std::string(32, 'x'))[0].get<crypto::Digest>(0),
                 std::logic_error);
}

TEST(Rows, NullsAreOptional) {
    EXPECT_EQ(round_trip(std::optional<std::string>()), std::nullopt);
    EXPECT_EQ(round_trip(std::optional<std::int64_t>(5)), 5);
    EXPECT_EQ(round_trip(std::optional<Uuid>()), std::nullopt);
    EXPECT_EQ(round_trip(std::optional<Time>()), std::nullopt);
    const auto rows =
        session().query("SELECT NULL::text, $1, $2", std::optional<std::string>("tail"), std::string("end"));
    EXPECT_TRUE(rows[0].is_null(0));
    EXPECT_EQ(rows[0].get<std::string>(1), "tail");
    EXPECT_EQ(rows[0].get<std::string>(2), "end");
}

TEST(Rows, SmallIntegersAndFloatsWiden) {
    const auto rows = session().query("SELECT 7::int2, 8::int4, 1.5::float4, 'c'::\"char\", 'n'::name");
    EXPECT_EQ(rows[0].get<std::int64_t>(0), 7);
    EXPECT_EQ(rows[0].get<std::int64_t>(1), 8);
    EXPECT_EQ(rows[0].get<double>(2), 1.5);
    EXPECT_EQ(rows[0].get<std::string>(3), "c");
    EXPECT_EQ(rows[0].get<std::string>(4), "n");
}

TEST(Rows, WhatDoesNotFitIsABug) {
    const auto rows = session().query(
        "SELECT 'text', 1::bigint << 40, NULL::int, '{a}'::text[], '{{1},{2}}'::int[], '{1,NULL}'::int[],"
        " 'infinity'::timestamptz, 1.5::numeric");
    const Row row = rows[0];
    EXPECT_THROW(row.get<std::int64_t>(0), std::logic_error);
    EXPECT_THROW(row.get<std::int32_t>(1), std::logic_error);
    EXPECT_THROW(row.get<std::int32_t>(2), std::logic_error);
    EXPECT_THROW(row.get<std::vector<std::int64_t>>(3), std::logic_error);
    EXPECT_THROW(row.get<std::vector<std::int64_t>>(4), std::logic_error);
    EXPECT_THROW(row.get<std::vector<std::int64_t>>(5), std::logic_error);
    EXPECT_THROW(row.get<std::vector<std::string>>(0), std::logic_error);
    EXPECT_THROW(row.get<Time>(6), std::logic_error);
    EXPECT_THROW(row.get<double>(7), std::logic_error);
    EXPECT_THROW(row.get<Uuid>(0), std::logic_error);
    EXPECT_THROW(row.get<bool>(0), std::logic_error);
    EXPECT_THROW(row.get<std::string>(1), std::logic_error);
    EXPECT_THROW(row.get<std::string>(99), std::logic_error);
}

TEST(Rows, CountsWhatWasTouched) {
    session().script("CREATE TEMP TABLE touched(n int)");
    EXPECT_EQ(session().query("INSERT INTO touched SELECT generate_series(1, 5)").affected(), 5);
    EXPECT_EQ(session().query("UPDATE touched SET n = 0 WHERE n > $1", 3).affected(), 2);
    int sum = 0;
    for (const Row row : session().query("SELECT n FROM touched")) sum += row.get<std::int32_t>(0);
    EXPECT_EQ(sum, 6);
    EXPECT_EQ(Rows().size(), 0);
    EXPECT_EQ(Rows().affected(), 0);
}

TEST(Params, RefuseNulInText) {
    EXPECT_THROW(Params::of(std::string("a\0b", 3)), std::invalid_argument);
}

TEST(Session, TellsKindsOfFailureApart) {
    Session& db = session();
    db.script(
        "CREATE TEMP TABLE parent(id int PRIMARY KEY);"
        "CREATE TEMP TABLE child(id int CONSTRAINT child_parent REFERENCES parent,"
        " n int CONSTRAINT n_positive CHECK (n > 0), u int CONSTRAINT u_once UNIQUE)");
    db.query("INSERT INTO child(u) VALUES (1)");
    try {
        db.query("INSERT INTO child(u) VALUES (1)");
        FAIL();
    } catch (const UniqueViolation& failure) {
        EXPECT_EQ(failure.constraint(), "u_once");
        EXPECT_EQ(failure.sqlstate(), "23505");
    }
    try {
        db.query("INSERT INTO child(id) VALUES (9)");
        FAIL();
    } catch (const ForeignKeyViolation& failure) {
        EXPECT_EQ(failure.constraint(), "child_parent");
    }
    try {
        db.query("INSERT INTO child(n) VALUES (0)");
        FAIL();
    } catch (const SqlError& failure) {
        EXPECT_EQ(failure.sqlstate(), "23514");
        EXPECT_EQ(failure.constraint(), "n_positive");
    }
    EXPECT_THROW(db.query("SELEKT 1"), SqlError);
    EXPECT_THROW(db.script("SELEKT 1"), SqlError);
    EXPECT_THROW(Session("host=/nonexistent dbname=x"), Unavailable);
    EXPECT_EQ(Session::quoted("a\"b"), "\"a\"\"b\"");
}

}  // namespace
}  // namespace bb::db
