#pragma once
#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bb::db::sql {

/// A node of the parser's tree, by its own names (libpg_query's pg_query.proto).
using Node = boost::json::object;

/// One statement of a script, as PostgreSQL's parser reads it.
struct Statement {
    std::string kind;  ///< the parser's name for it: "AlterTableStmt"
    Node tree;
    std::string text;  ///< from its first word on, without the semicolon
    int line;          ///< of its first word, from 1
};

/// A script in statements, or the reason why it is none.
struct Script {
    struct Fault {
        std::string reason;
        int line;
    };
    std::vector<Statement> statements;
    std::optional<Fault> fault;
};

/// Reads a script with the parser of PostgreSQL 15. May be called from any thread.
Script parse(std::string_view script);

/// The node at `key`, or null.
const Node* child(const Node& node, std::string_view key);
/// The text at `key`, or empty.
std::string text(const Node& node, std::string_view key);
/// True when `key` is there and true.
bool flag(const Node& node, std::string_view key);
/// The nodes of the list at `key`.
std::vector<const Node*> list(const Node& node, std::string_view key);
/// The names in a list of strings at `key`.
std::vector<std::string> names(const Node& node, std::string_view key);
/// The node inside its wrapper of that kind ({"ColumnDef": {...}}), or null.
const Node* as(const Node* wrapper, std::string_view kind);
/// Calls `visit` with each wrapped node below `node` and its kind.
void walk(const Node& node, const std::function<void(std::string_view kind, const Node&)>& visit);

/// Whether the statement sets `parameter`, also through set_config().
bool sets(const Statement& statement, std::string_view parameter);

}  // namespace bb::db::sql
