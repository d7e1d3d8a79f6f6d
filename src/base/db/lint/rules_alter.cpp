#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/db/lint/rules.hpp"

namespace bb::db::sql {
namespace {

/// One ALTER TABLE of a table in use, command by command.
struct Alter {
    const std::string& table;
    const Surroundings& around;
    const Report& report;
};

// Functions whose result is the same for every row of one statement; any other may have to be asked row by
// row.
constexpr std::array steady = {"now",
                               "transaction_timestamp",
                               "statement_timestamp",
                               "decode",
                               "encode",
                               "repeat",
                               "lower",
                               "upper",
                               "left",
                               "right",
                               "length",
                               "char_length",
                               "concat",
                               "coalesce",
                               "to_tsvector",
                               "jsonb_build_object",
                               "jsonb_build_array",
                               "make_interval",
                               "date_trunc",
                               "timezone"};

/// The first call in `expression` of a function that may be volatile, or empty.
std::string unsteady_call(const Node& expression) {
    std::string found;
    walk(expression, [&](std::string_view kind, const Node& node) {
        if (kind != "FuncCall" || !found.empty()) return;
        const auto name = names(node, "funcname");
        if (!name.empty() && std::find(steady.begin(), steady.end(), name.back()) == steady.end())
            found = name.back();
    });
    return found;
}

const Node* constraint_of(const Node& column, std::string_view kind) {
    for (const auto* wrapper : list(column, "constraints"))
        if (const auto* one = as(wrapper, "Constraint"); one && text(*one, "contype") == kind) return one;
    return nullptr;
}

bool is_serial(const Node& column) {
    const auto* type = child(column, "typeName");
    const auto words = type ? names(*type, "names") : std::vector<std::string>{};
    return !words.empty() && words.back().find("serial") != std::string::npos;
}

void check_new_column_values(const Alter& alter, const Node& column) {
    const auto name = text(column, "colname");
    const auto* fallback = constraint_of(column, "CONSTR_DEFAULT");
    const bool computed = constraint_of(column, "CONSTR_IDENTITY") ||
                          constraint_of(column, "CONSTR_GENERATED") || is_serial(column);
    const auto* expression = fallback ? child(*fallback, "raw_expr") : nullptr;
    const auto call = expression ? unsteady_call(*expression) : std::string();
    if (computed || !call.empty())
        alter.report(
            "table-rewrite",
            fmt::format("Column {} needs a value of its own in each row ({}), so that all of {} is copied "
                        "while nobody can use it. Add it without, set the default in a second statement, "
                        "and fill it in a migration whose first line is \"-- transaction: batches\".",
                        name, call.empty() ? "it is computed" : call + "()", alter.table));
    if (constraint_of(column, "CONSTR_NOTNULL") && !fallback && !computed)
        alter.report(
            "not-null-without-default",
            fmt::format("Column {} can be null in no row and has no default: this fails once {} has a row. "
                        "Give it a default, or fill it before SET NOT NULL.",
                        name, alter.table));
}

void check_new_column(const Alter& alter, const Node& column) {
    const auto name = text(column, "colname");
    check_new_column_values(alter, column);
    const bool filled = constraint_of(column, "CONSTR_DEFAULT");
    if (constraint_of(column, "CONSTR_CHECK") || (filled && constraint_of(column, "CONSTR_FOREIGN")))
        alter.report(
            "constraint-scan",
            fmt::format(
                "The constraint of column {} is checked for all of {} while nobody can use it. Add it "
                "by itself with NOT VALID, and validate it in the next migration.",
                name, alter.table));
    if (constraint_of(column, "CONSTR_UNIQUE") || constraint_of(column, "CONSTR_PRIMARY"))
        alter.report(
            "unique-without-index",
            fmt::format(
                "The index of column {} is built while nobody can use {}. Build it with CREATE UNIQUE "
                "INDEX CONCURRENTLY, then ADD CONSTRAINT ... USING INDEX.",
                name, alter.table));
}

void check_new_constraint(const Alter& alter, const Node& constraint) {
    const auto kind = text(constraint, "contype");
    const bool scans = kind == "CONSTR_FOREIGN" || kind == "CONSTR_CHECK";
    if (scans && !flag(constraint, "skip_validation"))
        alter.report(
            "constraint-scan",
            fmt::format(
                "The constraint is checked for all of {} while nobody can write to it. Add NOT VALID, "
                "and VALIDATE CONSTRAINT in the next migration.",
                alter.table));
    const bool indexed = kind == "CONSTR_UNIQUE" || kind == "CONSTR_PRIMARY";
    if ((indexed && text(constraint, "indexname").empty()) || kind == "CONSTR_EXCLUSION")
        alter.report(
            "unique-without-index",
            fmt::format(
                "The constraint's index is built while nobody can use {}. Build it with CREATE UNIQUE "
                "INDEX CONCURRENTLY in the migration before, then ADD CONSTRAINT ... USING INDEX.",
                alter.table));
}

void check_validation(const Alter& alter, const std::string& constraint) {
    if (alter.around.not_valid.count(constraint))
        alter.report(
            "validate-at-once",
            fmt::format("Validating {} in the migration that adds it reads all of {} while nobody can write "
                        "to it. Validate it in the next migration.",
                        constraint, alter.table));
}

void check_not_null(const Alter& alter, const std::string& column) {
    if (const auto* table = alter.around.tables.find(alter.table))
        for (const auto& check : table->checks)
            if (check.valid &&
                std::find(check.not_null.begin(), check.not_null.end(), column) != check.not_null.end())
                return;
    alter.report(
        "set-not-null",
        fmt::format("SET NOT NULL reads all of {1} while nobody can use it. Add CHECK ({0} IS NOT NULL) NOT "
                    "VALID, validate it in the next migration, then SET NOT NULL and drop the check.",
                    column, alter.table));
}

/// A check that only prepared SET NOT NULL may go: the column says the same.
bool is_scaffold(const Alter& alter, const std::string& constraint) {
    const auto* table = alter.around.tables.find(alter.table);
    return table && std::any_of(table->checks.begin(), table->checks.end(), [&](const auto& check) {
               return check.name == constraint && !check.not_null.empty();
           });
}

void check_drop_part(const Alter& alter, std::string_view what, const std::string& name) {
    if (alter.around.contracts() || (what == "constraint" && is_scaffold(alter, name))) return;
    alter.report("drop",
                 fmt::format("Dropping {} {} of {} may break the release before. Do it in a migration whose "
                             "first line is \"-- phase: contract\".",
                             what, name, alter.table));
}

void check_command(const Alter& alter, const Node& command) {
    const auto kind = text(command, "subtype");
    const auto name = text(command, "name");
    const auto* definition = child(command, "def");
    if (const auto* column = as(definition, "ColumnDef"); column && kind == "AT_AddColumn")
        check_new_column(alter, *column);
    if (const auto* constraint = as(definition, "Constraint"); constraint && kind == "AT_AddConstraint")
        check_new_constraint(alter, *constraint);
    if (kind == "AT_ValidateConstraint") check_validation(alter, name);
    if (kind == "AT_SetNotNull") check_not_null(alter, name);
    if (kind == "AT_DropColumn") check_drop_part(alter, "column", name);
    if (kind == "AT_DropConstraint") check_drop_part(alter, "constraint", name);
    if (kind == "AT_AlterColumnType")
        alter.report(
            "table-rewrite",
            fmt::format("Another type for {0} may copy all of {1} while nobody can use it. Add a new column, "
                        "fill it in batches, and drop {0} in phase contract; where PostgreSQL only changes "
                        "the catalog (varchar made longer, or text), say so in a line \"-- safe:\".",
                        name, alter.table));
    if (kind == "AT_SetTableSpace" || kind == "AT_SetLogged" || kind == "AT_SetUnLogged" ||
        kind == "AT_SetAccessMethod")
        alter.report(
            "table-rewrite",
            fmt::format(
                "This copies all of {} while nobody can use it. Make a new table and move the rows in "
                "batches.",
                alter.table));
}

/// What is attached may be in use when the table that it becomes a part of is not.
void check_attached(const Alter& alter, const Node& partition) {
    const auto part = relation(partition, "name");
    if (!alter.around.in_use(part)) return;
    if (const auto* table = alter.around.tables.find(part))
        for (const auto& check : table->checks)
            if (check.valid) return;
    alter.report("constraint-scan",
                 fmt::format("Attaching {0} reads all of it while nobody can use it. Add a CHECK of what the "
                             "partition holds with NOT VALID, validate it in the next migration, and attach "
                             "{0} then.",
                             part));
}

void check_detached(const Alter& alter, const Node& partition) {
    if (flag(partition, "concurrent") || !alter.around.in_use(alter.table)) return;
    alter.report(
        "detach-blocks",
        fmt::format("DETACH PARTITION lets nobody read or write {} from when it waits for its lock to "
                    "the migration's end. Use DETACH PARTITION ... CONCURRENTLY in a migration of its "
                    "own whose first line is \"-- transaction: none\", and say in a line \"-- safe:\" "
                    "that one which was cut off is ended by DETACH PARTITION ... FINALIZE.",
                    alter.table));
}

void check_partition(const Alter& alter, const Node& command) {
    const auto kind = text(command, "subtype");
    const auto* partition = as(child(command, "def"), "PartitionCmd");
    if (partition && kind == "AT_AttachPartition") check_attached(alter, *partition);
    if (partition && kind == "AT_DetachPartition") check_detached(alter, *partition);
}

}  // namespace

void check_alter_table(const Statement& statement, const Surroundings& around, const Report& report) {
    const auto table = relation(statement.tree, "relation");
    if (text(statement.tree, "objtype") != "OBJECT_TABLE") return;
    const Alter alter{table, around, report};
    for (const auto* wrapper : list(statement.tree, "cmds")) {
        const auto* command = as(wrapper, "AlterTableCmd");
        if (!command) continue;
        check_partition(alter, *command);
        if (around.in_use(table)) check_command(alter, *command);
    }
}

}  // namespace bb::db::sql
