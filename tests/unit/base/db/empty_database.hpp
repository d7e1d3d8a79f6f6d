#pragma once
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "base/db/migrate.hpp"
#include "base/db/session.hpp"
#include "unit/support/postgres.hpp"

namespace bb::db {

/// For who migrates and wants to hear nothing of it.
inline void ignore(const Migration&) {}

/// A new database on the PostgreSQL of this test program.
inline std::string empty_database() {
    static int count = 0;
    const auto server = test::TemporaryPostgres::shared().conninfo();
    const auto name = fmt::format("empty_{}", ++count);
    Session(server).script("CREATE DATABASE " + name);
    return fmt::format("{} dbname={}", server, name);
}

/// A test with such a database.
struct OnEmptyDatabase : ::testing::Test {
    std::string database = empty_database();
    Session session{database};

    bool exists(const std::string& name) {
        return session.query("SELECT to_regclass($1) IS NOT NULL", name)[0].get<bool>(0);
    }
    std::int64_t number(const std::string& sql) { return session.query(sql)[0].get<std::int64_t>(0); }
};

}  // namespace bb::db
