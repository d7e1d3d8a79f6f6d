#pragma once
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "base/db/lint/header.hpp"
#include "base/db/lint/sql.hpp"
#include "base/db/lint/tables.hpp"

namespace bb::db::sql {

/// What a rule may ask about the migration that a statement stands in.
struct Surroundings {
    const Tables& tables;  ///< as the statements before made them
    int number;
    const Header& header;
    const std::set<std::string>& not_valid;  ///< constraints that this migration added with NOT VALID

    /// Whether rows can be in the table, and people at work on it.
    bool in_use(const std::string& table) const { return tables.existed_before(table, number); }
    bool contracts() const { return header.phase == Phase::contract; }
};

/// Hears of each breach: the rule's name and a sentence with the safe way.
using Report = std::function<void(std::string_view rule, std::string detail)>;

/// Checks one statement of a way up against every rule.
void check_statement(const Statement& statement, const Surroundings& around, const Report& report);
/// The part about ALTER TABLE.
void check_alter_table(const Statement& statement, const Surroundings& around, const Report& report);
/// The part about "-- transaction:".
void check_mode(const Statement& statement, const Surroundings& around, const Report& report);
/// The part about lock_timeout.
void check_lock_timeout(const Statement& statement, const Report& report);

}  // namespace bb::db::sql
