#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/db/lint/sql.hpp"

namespace bb::db::sql {

/// A place in the migrations.
struct Place {
    int number;
    int line;
};

struct Index {
    std::string name;
    std::vector<std::string> columns;  ///< up to the first expression
    bool unique;                       ///< for every row
    bool finds;                        ///< every row by its first columns, NULLs left out
};

struct ForeignKey {
    std::string name;
    std::vector<std::string> columns;
    std::string parent;
    std::vector<std::string> parent_columns;  ///< empty: its primary key
    Place at;
};

struct CheckConstraint {
    std::string name;
    std::vector<std::string> not_null;  ///< columns that it says are not null
    bool valid;
};

struct Table {
    int made_in = 0;
    std::vector<Index> indexes;
    std::vector<ForeignKey> foreign_keys;
    std::vector<CheckConstraint> checks;
    std::vector<std::string> primary_key;
};

/// The tables that migrations make, as far as rules ask about them, without a database.
class Tables {
public:
    /// Follows one statement of migration `number`.
    void apply(const Statement& statement, int number);

    /// Whether rows can be in the table already when migration `number` begins.
    bool existed_before(const std::string& name, int number) const;
    /// Null when no migration made it.
    const Table* find(const std::string& name) const;
    /// The table of an index, or empty.
    std::string table_of_index(const std::string& index) const;
    /// True when an index finds the rows that point to one row of the parent.
    bool has_index(const Table& table, const ForeignKey& key) const;
    const std::map<std::string, Table>& all() const { return tables_; }

private:
    void create(const Statement& statement, int number);
    void add_index(const Node& tree);
    void alter(const Statement& statement, int number);
    void change(const std::string& name, const Node& command, Place at);
    void add_column(const std::string& name, const Node& column, Place at);
    void add_constraint(const std::string& name, const Node& constraint, const std::string& column, Place at);
    void drop_column(Table& table, const std::string& column);
    void drop_constraint(Table& table, const std::string& constraint);
    void drop(const Node& tree);
    void rename(const Node& tree);

    std::map<std::string, Table> tables_;
};

/// The columns of which an expression says that they are not null.
std::vector<std::string> not_null_columns(const Node& expression);
/// The table's name of a RangeVar at `key`.
std::string relation(const Node& node, std::string_view key);
/// The names that a DROP names, without their schemas.
std::vector<std::string> dropped(const Node& drop);

}  // namespace bb::db::sql
