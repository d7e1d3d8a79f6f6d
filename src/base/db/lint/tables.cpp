#include "base/db/lint/tables.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bb::db::sql {
namespace {

using Columns = std::vector<std::string>;

bool holds(const Columns& columns, const std::string& column) {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
}

bool subset(const Columns& part, const Columns& whole) {
    return std::all_of(part.begin(), part.end(), [&](const auto& one) { return holds(whole, one); });
}

/// Only of columns that stand before the first expression.
Columns index_columns(const Node& tree) {
    Columns columns;
    for (const auto* wrapper : list(tree, "indexParams")) {
        const auto* element = as(wrapper, "IndexElem");
        if (!element || text(*element, "name").empty()) break;
        columns.push_back(text(*element, "name"));
    }
    return columns;
}

}  // namespace

std::string relation(const Node& node, std::string_view key) {
    const auto* range = child(node, key);
    return range ? text(*range, "relname") : std::string();
}

std::vector<std::string> dropped(const Node& drop) {
    std::vector<std::string> found;
    for (const auto* object : list(drop, "objects")) {
        Columns words;
        if (const auto* items = as(object, "List")) words = names(*items, "items");
        if (const auto* type = as(object, "TypeName")) words = names(*type, "names");
        if (const auto* routine = as(object, "ObjectWithArgs")) words = names(*routine, "objname");
        if (const auto* plain = as(object, "String")) words = {text(*plain, "sval")};
        if (!words.empty()) found.push_back(words.back());
    }
    return found;
}

std::vector<std::string> not_null_columns(const Node& expression) {
    Columns columns;
    if (const auto* test = child(expression, "NullTest")) {
        const auto* argument = child(*test, "arg");
        const auto* column = as(argument, "ColumnRef");
        if (column && text(*test, "nulltesttype") == "IS_NOT_NULL") columns = names(*column, "fields");
    }
    const auto* both = child(expression, "BoolExpr");
    if (both && text(*both, "boolop") == "AND_EXPR")
        for (const auto* one : list(*both, "args"))
            for (auto& column : not_null_columns(*one)) columns.push_back(std::move(column));
    return columns;
}

void Tables::apply(const Statement& statement, int number) {
    if (statement.kind == "CreateStmt") create(statement, number);
    if (statement.kind == "CreateTableAsStmt")
        if (const auto* into = child(statement.tree, "into"))
            tables_[relation(*into, "rel")].made_in = number;
    if (statement.kind == "IndexStmt") add_index(statement.tree);
    if (statement.kind == "AlterTableStmt") alter(statement, number);
    if (statement.kind == "DropStmt") drop(statement.tree);
    if (statement.kind == "RenameStmt") rename(statement.tree);
}

bool Tables::existed_before(const std::string& name, int number) const {
    const auto* table = find(name);
    return !table || table->made_in < number;
}

const Table* Tables::find(const std::string& name) const {
    const auto found = tables_.find(name);
    return found == tables_.end() ? nullptr : &found->second;
}

std::string Tables::table_of_index(const std::string& index) const {
    for (const auto& [name, table] : tables_)
        for (const auto& one : table.indexes)
            if (one.name == index) return name;
    return {};
}

// An index whose first columns are all of the key serves; so does one whose first columns are those of the
// key that alone name the parent's row.
bool Tables::has_index(const Table& table, const ForeignKey& key) const {
    const auto* parent = find(key.parent);
    const auto parent_columns = !key.parent_columns.empty() ? key.parent_columns
                                : parent                    ? parent->primary_key
                                                            : Columns{};
    return std::any_of(table.indexes.begin(), table.indexes.end(), [&](const Index& index) {
        if (!index.finds) return false;
        Columns first, named;
        for (const auto& column : index.columns) {
            const auto at = std::find(key.columns.begin(), key.columns.end(), column) - key.columns.begin();
            if (at == static_cast<std::ptrdiff_t>(key.columns.size())) break;
            first.push_back(column);
            if (at < static_cast<std::ptrdiff_t>(parent_columns.size()))
                named.push_back(parent_columns[static_cast<std::size_t>(at)]);
        }
        if (subset(key.columns, first)) return true;
        return parent && std::any_of(parent->indexes.begin(), parent->indexes.end(), [&](const Index& one) {
                   return one.unique && subset(one.columns, named);
               });
    });
}

void Tables::create(const Statement& statement, int number) {
    const auto name = relation(statement.tree, "relation");
    auto& table = tables_[name];
    if (flag(statement.tree, "if_not_exists") && table.made_in != 0) return;
    table = Table{};
    table.made_in = number;
    for (const auto* element : list(statement.tree, "tableElts")) {
        if (const auto* column = as(element, "ColumnDef"))
            add_column(name, *column, {number, statement.line});
        if (const auto* constraint = as(element, "Constraint"))
            add_constraint(name, *constraint, "", {number, statement.line});
    }
}

void Tables::add_index(const Node& tree) {
    auto& table = tables_[relation(tree, "relation")];
    const auto columns = index_columns(tree);
    const auto method = text(tree, "accessMethod");
    const auto* condition = child(tree, "whereClause");
    const bool whole = !condition;
    const auto filled = condition ? not_null_columns(*condition) : Columns{};
    Index index{text(tree, "idxname"), columns, false, false};
    index.unique = whole && flag(tree, "unique") && columns.size() == list(tree, "indexParams").size();
    index.finds = (method.empty() || method == "btree" || method == "hash") && !columns.empty() &&
                  (whole || (!filled.empty() && subset(filled, {columns.front()})));
    table.indexes.push_back(std::move(index));
}

void Tables::add_column(const std::string& name, const Node& column, Place at) {
    for (const auto* wrapper : list(column, "constraints"))
        if (const auto* constraint = as(wrapper, "Constraint"))
            add_constraint(name, *constraint, text(column, "colname"), at);
}

void Tables::add_constraint(const std::string& name, const Node& constraint, const std::string& column,
                            Place at) {
    auto& table = tables_[name];
    const auto kind = text(constraint, "contype");
    const bool primary = kind == "CONSTR_PRIMARY";
    const auto given = text(constraint, "conname");
    const auto named = [&](const Columns& columns, std::string_view end) {
        if (!given.empty()) return std::string(given);
        return columns.empty() ? fmt::format("{}_{}", name, end)
                               : fmt::format("{}_{}_{}", name, fmt::join(columns, "_"), end);
    };
    if (primary || kind == "CONSTR_UNIQUE") {
        auto columns = column.empty() ? names(constraint, "keys") : Columns{column};
        const auto existing = text(constraint, "indexname");
        for (auto& index : table.indexes) {
            if (existing.empty() || index.name != existing) continue;
            columns = index.columns;
            index.unique = true;
            if (!given.empty()) index.name = given;  // PostgreSQL renames it so
        }
        if (existing.empty())
            table.indexes.push_back(
                {primary ? named({}, "pkey") : named(columns, "key"), columns, true, true});
        if (primary) table.primary_key = columns;
    }
    if (kind == "CONSTR_FOREIGN") {
        auto columns = column.empty() ? names(constraint, "fk_attrs") : Columns{column};
        const auto label = named(columns, "fkey");
        table.foreign_keys.push_back(
            {label, std::move(columns), relation(constraint, "pktable"), names(constraint, "pk_attrs"), at});
    }
    if (kind == "CONSTR_CHECK") {
        const auto* expression = child(constraint, "raw_expr");
        table.checks.push_back({named(column.empty() ? Columns{} : Columns{column}, "check"),
                                expression ? not_null_columns(*expression) : Columns{},
                                !flag(constraint, "skip_validation")});
    }
}

void Tables::alter(const Statement& statement, int number) {
    const auto name = relation(statement.tree, "relation");
    for (const auto* wrapper : list(statement.tree, "cmds"))
        if (const auto* command = as(wrapper, "AlterTableCmd"))
            change(name, *command, {number, statement.line});
}

void Tables::change(const std::string& name, const Node& command, Place at) {
    auto& table = tables_[name];
    const auto kind = text(command, "subtype");
    const auto object = text(command, "name");
    const auto* definition = child(command, "def");
    if (kind == "AT_AddColumn")
        if (const auto* column = as(definition, "ColumnDef")) add_column(name, *column, at);
    if (kind == "AT_AddConstraint")
        if (const auto* constraint = as(definition, "Constraint")) add_constraint(name, *constraint, "", at);
    if (kind == "AT_ValidateConstraint")
        for (auto& check : table.checks) check.valid = check.valid || check.name == object;
    if (kind == "AT_DropColumn") drop_column(table, object);
    if (kind == "AT_DropConstraint") drop_constraint(table, object);
}

void Tables::drop_column(Table& table, const std::string& column) {
    const auto uses = [&](const auto& one) {
        return holds(one.columns, column);
    };
    std::erase_if(table.indexes, uses);
    std::erase_if(table.foreign_keys, uses);
    std::erase_if(table.checks, [&](const auto& one) { return holds(one.not_null, column); });
}

void Tables::drop_constraint(Table& table, const std::string& constraint) {
    const auto named = [&](const auto& one) {
        return one.name == constraint;
    };
    std::erase_if(table.indexes, named);
    std::erase_if(table.foreign_keys, named);
    std::erase_if(table.checks, named);
}

void Tables::drop(const Node& tree) {
    const auto kind = text(tree, "removeType");
    for (const auto& name : dropped(tree)) {
        if (kind == "OBJECT_TABLE") tables_.erase(name);
        if (kind == "OBJECT_INDEX")
            for (auto& [_, table] : tables_)
                std::erase_if(table.indexes, [&](const auto& index) { return index.name == name; });
    }
}

void Tables::rename(const Node& tree) {
    const auto kind = text(tree, "renameType");
    const auto name = relation(tree, "relation");
    const auto from = text(tree, "subname");
    const auto to = text(tree, "newname");
    const auto replace = [&](Columns& columns) {
        std::replace(columns.begin(), columns.end(), from, to);
    };
    if (kind == "OBJECT_TABLE") {
        if (auto moved = tables_.extract(name)) {
            moved.key() = to;
            tables_.insert(std::move(moved));
        }
        for (auto& [_, table] : tables_)
            for (auto& key : table.foreign_keys)
                if (key.parent == name) key.parent = to;
    }
    if (kind == "OBJECT_COLUMN") {
        auto& table = tables_[name];
        replace(table.primary_key);
        for (auto& index : table.indexes) replace(index.columns);
        for (auto& key : table.foreign_keys) replace(key.columns);
        for (auto& check : table.checks) replace(check.not_null);
        for (auto& [_, other] : tables_)
            for (auto& key : other.foreign_keys)
                if (key.parent == name) replace(key.parent_columns);
    }
}

}  // namespace bb::db::sql
