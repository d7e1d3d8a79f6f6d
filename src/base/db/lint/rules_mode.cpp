#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/db/lint/rules.hpp"

namespace bb::db::sql {
namespace {

constexpr std::int64_t longest_wait = 10'000;  // milliseconds

bool is_concurrent(const Statement& statement) {
    if (flag(statement.tree, "concurrent")) return true;
    for (const auto* one : list(statement.tree, "cmds"))
        if (const auto* command = as(one, "AlterTableCmd"))
            if (const auto* partition = as(child(*command, "def"), "PartitionCmd"))
                if (flag(*partition, "concurrent")) return true;
    for (const auto* one : list(statement.tree, "params"))
        if (const auto* option = as(one, "DefElem"); option && text(*option, "defname") == "concurrently")
            return true;
    return statement.kind == "VacuumStmt" && flag(statement.tree, "is_vacuumcmd");
}

bool only(const Statement& statement, std::string_view subtype) {
    const auto commands = list(statement.tree, "cmds");
    return std::all_of(commands.begin(), commands.end(), [&](const Node* one) {
        const auto* command = as(one, "AlterTableCmd");
        return command && text(*command, "subtype") == subtype;
    });
}

/// Harmless when it is run again after a crash that came before it was noted as done.
bool may_be_repeated(const Statement& statement) {
    if (statement.kind == "IndexStmt")
        return is_concurrent(statement) && flag(statement.tree, "if_not_exists") &&
               !text(statement.tree, "idxname").empty();
    if (statement.kind == "DropStmt") return flag(statement.tree, "missing_ok");
    if (statement.kind == "AlterEnumStmt") return flag(statement.tree, "skipIfNewValExists");
    if (statement.kind == "AlterTableStmt") return only(statement, "AT_ValidateConstraint");
    return statement.kind == "ReindexStmt" || statement.kind == "VacuumStmt";
}

bool has_limit(const Statement& statement) {
    bool found = false;
    walk(statement.tree, [&](std::string_view kind, const Node& node) {
        found = found || (kind == "SelectStmt" && child(node, "limitCount"));
    });
    return found;
}

/// Milliseconds of a setting like 500, '500', '5s' or '1min'.
std::optional<std::int64_t> milliseconds_of(std::string_view setting) {
    std::int64_t number = 0;
    const auto* end = setting.data() + setting.size();
    const auto [rest, failed] = std::from_chars(setting.data(), end, number);
    if (failed != std::errc()) return std::nullopt;
    const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
    const auto word = unit.substr(std::min(unit.find_first_not_of(' '), unit.size()));
    if (word.empty() || word == "ms") return number;
    if (word == "s") return number * 1000;
    if (word == "min") return number * 60'000;
    return std::nullopt;
}

std::optional<std::int64_t> milliseconds_of(const Node* constant) {
    if (!constant) return std::nullopt;
    if (const auto* word = child(*constant, "sval"))
        return milliseconds_of(std::string_view(text(*word, "sval")));
    if (const auto* number = child(*constant, "ival")) {
        const auto* value = number->if_contains("ival");
        return value && value->is_int64() ? value->get_int64() : 0;
    }
    return std::nullopt;
}

/// What the statement sets lock_timeout to; nullopt when that cannot be seen.
std::optional<std::int64_t> chosen_wait(const Statement& statement) {
    if (statement.kind == "VariableSetStmt") {
        const auto values = list(statement.tree, "args");
        return values.empty() ? std::nullopt : milliseconds_of(as(values[0], "A_Const"));
    }
    std::optional<std::int64_t> found;
    walk(statement.tree, [&](std::string_view kind, const Node& node) {
        const auto arguments = list(node, "args");
        if (kind == "FuncCall" && arguments.size() > 1) found = milliseconds_of(as(arguments[1], "A_Const"));
    });
    return found;
}

void check_alone(const Statement& statement, const Report& report) {
    const bool writes =
        statement.kind == "UpdateStmt" || statement.kind == "DeleteStmt" || statement.kind == "InsertStmt";
    if (!writes || !has_limit(statement))
        report(
            "batch",
            "What runs in batches is one UPDATE, DELETE or INSERT that takes its rows from a SELECT with a "
            "LIMIT and touches none when all are done.");
}

}  // namespace

void check_mode(const Statement& statement, const Surroundings& around, const Report& report) {
    if (around.header.mode == Mode::batches) return check_alone(statement, report);
    if (around.header.mode == Mode::none) {
        if (!may_be_repeated(statement))
            report(
                "not-repeatable",
                "Without a transaction a crash leaves the migration half done, and it is run again: only "
                "CREATE INDEX "
                "CONCURRENTLY IF NOT EXISTS, DROP ... IF EXISTS, REINDEX, VACUUM, VALIDATE CONSTRAINT and "
                "ALTER "
                "TYPE ... ADD VALUE IF NOT EXISTS may stand here. Move the rest to a migration of its own.");
        return;
    }
    if (is_concurrent(statement))
        report("needs-no-transaction",
               "This cannot run inside a transaction. Give it a migration whose first line is \"-- "
               "transaction: none\".");
}

void check_lock_timeout(const Statement& statement, const Report& report) {
    const bool resets_all =
        statement.kind == "VariableSetStmt" && text(statement.tree, "kind") == "VAR_RESET_ALL";
    if (!resets_all && !sets(statement, "lock_timeout")) return;
    const auto wait = resets_all ? std::nullopt : chosen_wait(statement);
    if (wait && *wait > 0 && *wait <= longest_wait) return;
    report("lock-timeout",
           "A migration that waits for a lock lets nobody else at the table. Leave lock_timeout to the "
           "program (2 "
           "seconds in all, then it tries again), or set it to at most 10 seconds.");
}

}  // namespace bb::db::sql
