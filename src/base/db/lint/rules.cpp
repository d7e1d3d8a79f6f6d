#include "base/db/lint/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace bb::db::sql {
namespace {

constexpr const char* later =
    "What a running program may use goes only in a migration whose first line is \"-- phase: contract\".";

bool has_option(const Node& node, std::string_view key, std::string_view option) {
    const auto options = list(node, key);
    return std::any_of(options.begin(), options.end(), [&](const Node* one) {
        const auto* element = as(one, "DefElem");
        return element && text(*element, "defname") == option;
    });
}

void check_index(const Statement& statement, const Surroundings& around, const Report& report) {
    const auto table = relation(statement.tree, "relation");
    if (flag(statement.tree, "concurrent") || !around.in_use(table)) return;
    report(
        "index-blocks-writes",
        fmt::format("CREATE INDEX lets nobody write to {} while it builds. Use CREATE INDEX CONCURRENTLY IF "
                    "NOT EXISTS in a migration whose first line is \"-- transaction: none\".",
                    table));
}

/// What this migration itself made may be dropped again.
bool drops_something_used(const Statement& statement, const Surroundings& around) {
    const auto kind = text(statement.tree, "removeType");
    const auto names = dropped(statement.tree);
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        if (kind == "OBJECT_TABLE") return around.in_use(name);
        if (kind != "OBJECT_INDEX") return true;
        const auto table = around.tables.table_of_index(name);
        return table.empty() || around.in_use(table);
    });
}

void check_drop(const Statement& statement, const Surroundings& around, const Report& report) {
    if (around.contracts() || !drops_something_used(statement, around)) return;
    report("drop", fmt::format("Dropping {} breaks the release before. {}",
                               fmt::join(dropped(statement.tree), ", "), later));
}

void check_rename(const Statement& statement, const Surroundings& around, const Report& report) {
    const auto table = relation(statement.tree, "relation");
    if (around.contracts() || (!table.empty() && !around.in_use(table))) return;
    const auto part = text(statement.tree, "subname");
    report("rename",
           fmt::format("Renaming {} breaks the release before. Add the new one beside it, fill it, and drop "
                       "the old one in a migration whose first line is \"-- phase: contract\".",
                       part.empty() ? table : part));
}

void check_enum(const Statement& statement, const Surroundings& around, const Report& report) {
    const auto value = text(statement.tree, "oldVal");
    if (around.contracts() || value.empty()) return;
    report("rename",
           fmt::format("Renaming the value {} breaks the release before. Add the new one beside it (ADD "
                       "VALUE), change the rows in batches, and leave the old one unused.",
                       value));
}

/// An INSERT alone is one of rows that nobody has yet.
bool changes_rows(const Node& merge) {
    const auto clauses = list(merge, "mergeWhenClauses");
    return std::any_of(clauses.begin(), clauses.end(), [](const Node* one) {
        const auto* clause = as(one, "MergeWhenClause");
        const auto command = clause ? text(*clause, "commandType") : std::string();
        return command == "CMD_UPDATE" || command == "CMD_DELETE";
    });
}

void check_merge(const Statement& statement, const Surroundings& around, const Report& report) {
    const auto table = relation(statement.tree, "relation");
    if (around.header.mode == Mode::batches || !around.in_use(table) || !changes_rows(statement.tree)) return;
    report("whole-table-write",
           fmt::format("MERGE changes many rows of {} in one transaction and locks them until its end. Write "
                       "an UPDATE or DELETE with a LIMIT in a migration of its own, whose first line is \"-- "
                       "transaction: batches\".",
                       table));
}

void check_domain(const Statement& statement, const Surroundings& around, const Report& report) {
    const auto kind = text(statement.tree, "subtype");
    const auto* constraint = as(child(statement.tree, "def"), "Constraint");
    const auto domain = fmt::format("{}", fmt::join(names(statement.tree, "typeName"), "."));
    if (kind == "C" && constraint && !flag(*constraint, "skip_validation"))
        report("constraint-scan",
               fmt::format("The constraint is checked for every table with a column of {} while nobody can "
                           "write to it. Add NOT VALID, and VALIDATE CONSTRAINT in the next migration.",
                           domain));
    if (kind == "V" && around.not_valid.count(text(statement.tree, "name")))
        report("validate-at-once",
               fmt::format("Validating a constraint of {} in the migration that adds it reads every table "
                           "with such a column while nobody can write to it. Validate it in the next "
                           "migration.",
                           domain));
}

void check_move(const Statement& statement, const Surroundings& around, const Report& report) {
    const auto table = relation(statement.tree, "relation");
    if (around.contracts() || (!table.empty() && !around.in_use(table))) return;
    report("rename", fmt::format("Another schema for {} breaks the release before. {}", table, later));
}

void check_lock(const Statement&, const Surroundings&, const Report& report) {
    report(
        "lock-table",
        "LOCK TABLE stops everybody until the migration ends. Leave it out: each statement takes the lock it "
        "needs, and the program gives up and tries again when it has to wait.");
}

void check_vacuum(const Statement& statement, const Surroundings&, const Report& report) {
    if (has_option(statement.tree, "options", "full"))
        report("full-rewrite",
               "VACUUM FULL lets nobody read or write while it copies the table. Use VACUUM in a "
               "migration whose first line is \"-- transaction: none\".");
}

void check_cluster(const Statement&, const Surroundings&, const Report& report) {
    report("full-rewrite",
           "CLUSTER lets nobody read or write while it copies the table. Leave the order of rows to "
           "an index.");
}

void check_reindex(const Statement& statement, const Surroundings&, const Report& report) {
    if (!has_option(statement.tree, "params", "concurrently"))
        report("full-rewrite",
               "REINDEX lets nobody write to the table while it builds. Use REINDEX ... CONCURRENTLY "
               "in a migration whose first line is \"-- transaction: none\".");
}

void check_refresh(const Statement& statement, const Surroundings& around, const Report& report) {
    if (flag(statement.tree, "concurrent") || !around.in_use(relation(statement.tree, "relation"))) return;
    report("full-rewrite", "REFRESH MATERIALIZED VIEW lets nobody read while it fills. Use CONCURRENTLY.");
}

/// Columns that a condition compares with constants, all of which must hold.
std::vector<std::string> fixed_columns(const Node& condition) {
    std::vector<std::string> columns;
    if (const auto* comparison = child(condition, "A_Expr")) {
        const auto* left = child(*comparison, "lexpr");
        const auto* right = child(*comparison, "rexpr");
        const auto* column = as(left, "ColumnRef");
        if (column && as(right, "A_Const") && names(*comparison, "name") == std::vector<std::string>{"="})
            columns = names(*column, "fields");
    }
    if (const auto* both = child(condition, "BoolExpr"); both && text(*both, "boolop") == "AND_EXPR")
        for (const auto* one : list(*both, "args"))
            for (auto& column : fixed_columns(*one)) columns.push_back(std::move(column));
    return columns;
}

bool names_one_row(const Node& change, const Surroundings& around) {
    const auto* condition = child(change, "whereClause");
    const auto* table = around.tables.find(relation(change, "relation"));
    if (!condition || !table) return false;
    const auto fixed = fixed_columns(*condition);
    return std::any_of(table->indexes.begin(), table->indexes.end(), [&](const Index& index) {
        return index.unique &&
               std::all_of(index.columns.begin(), index.columns.end(), [&](const auto& column) {
                   return std::find(fixed.begin(), fixed.end(), column) != fixed.end();
               });
    });
}

void check_writes(const Statement& statement, const Surroundings& around, const Report& report) {
    if (around.header.mode == Mode::batches) return;
    const auto check = [&](std::string_view kind, const Node& change) {
        if (kind != "UpdateStmt" && kind != "DeleteStmt") return;
        const auto table = relation(change, "relation");
        if (!around.in_use(table) || names_one_row(change, around)) return;
        report(
            "whole-table-write",
            fmt::format(
                "{} many rows of {} in one transaction locks them until its end. Give it a migration of its "
                "own, whose first line is \"-- transaction: batches\", with a LIMIT.",
                kind == "UpdateStmt" ? "Changing" : "Deleting", table));
    };
    check(statement.kind, statement.tree);
    walk(statement.tree, check);
}

void check_truncate(const Statement& statement, const Surroundings& around, const Report& report) {
    for (const auto* wrapper : list(statement.tree, "relations"))
        if (const auto* table = as(wrapper, "RangeVar"); table && around.in_use(text(*table, "relname")))
            report(
                "whole-table-write",
                fmt::format(
                    "TRUNCATE empties {} and stops everybody there. Delete in a migration whose first line "
                    "is \"-- transaction: batches\".",
                    text(*table, "relname")));
}

void check_transaction(const Statement&, const Surroundings&, const Report& report) {
    report("transaction-control",
           "The program begins and ends the transaction of a migration: leave BEGIN, COMMIT, "
           "ROLLBACK and SAVEPOINT out.");
}

void check_do(const Statement&, const Surroundings&, const Report& report) {
    report("unchecked-code", "What a DO block does cannot be checked. Write plain statements.");
}

using Rule = void (*)(const Statement&, const Surroundings&, const Report&);

const std::map<std::string_view, Rule>& rules() {
    static const std::map<std::string_view, Rule> table{
        {"IndexStmt", check_index},
        {"AlterTableStmt", check_alter_table},
        {"AlterEnumStmt", check_enum},
        {"AlterDomainStmt", check_domain},
        {"DropStmt", check_drop},
        {"RenameStmt", check_rename},
        {"AlterObjectSchemaStmt", check_move},
        {"LockStmt", check_lock},
        {"VacuumStmt", check_vacuum},
        {"ClusterStmt", check_cluster},
        {"ReindexStmt", check_reindex},
        {"RefreshMatViewStmt", check_refresh},
        {"TruncateStmt", check_truncate},
        {"MergeStmt", check_merge},
        {"TransactionStmt", check_transaction},
        {"DoStmt", check_do},
    };
    return table;
}

}  // namespace

void check_statement(const Statement& statement, const Surroundings& around, const Report& report) {
    if (const auto rule = rules().find(statement.kind); rule != rules().end())
        rule->second(statement, around, report);
    check_writes(statement, around, report);
    check_mode(statement, around, report);
    check_lock_timeout(statement, report);
}

}  // namespace bb::db::sql
