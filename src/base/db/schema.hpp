#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/db/migrate.hpp"
#include "base/db/session.hpp"

namespace bb::db {

/// Every object of a schema with its definition: "column users.email" -> "text NOT NULL".
using Catalog = std::map<std::string, std::string>;

/// One object that is not as the migrations make it; a side is empty when the object is missing there.
struct Difference {
    std::string object;
    std::optional<std::string> expected;
    std::optional<std::string> found;
};

/// Tables, columns, constraints, indexes, functions, triggers, views, sequences, types, policies and text
/// search configurations of `schema`, and the extensions of the database.
Catalog read_catalog(Session& session, const std::string& schema);
/// What the migrations up to number `last` make: they are run in a scratch schema that is rolled back.
/// The session must not be inside a transaction. Throws SqlError.
Catalog expected_catalog(Session& session, Migrations migrations, int last);
std::vector<Difference> compare(const Catalog& expected, const Catalog& found);
/// What the migrations up to number `last` make.
struct Expected {
    int last = 0;
    Catalog catalog;
};
/// Compares the live schema with the applied migrations, and these with those of the program. Contract
/// migrations at the end may wait. `made` saves making what is expected, when it is that.
std::vector<Difference> verify_schema(Session& session, Migrations migrations,
                                      std::optional<Expected> made = std::nullopt);

}  // namespace bb::db
