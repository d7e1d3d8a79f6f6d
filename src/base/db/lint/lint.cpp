#include "base/db/lint/lint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/db/lint/rules.hpp"

namespace bb::db {
namespace {

constexpr std::string_view safe_key = "-- safe:";

// What holds for migrations of any age.
bool is_grave(std::string_view rule) {
    return rule == "sql" || rule == "missing-down";
}

std::string_view line_of(std::string_view script, int number) {
    for (; number > 1; --number) script.remove_prefix(std::min(script.find('\n'), script.size() - 1) + 1);
    return script.substr(0, script.find('\n'));
}

/// The reason in a "-- safe:" line right before line `number`; nullopt without such a line.
std::optional<std::string> reason_before(std::string_view script, int number) {
    if (number < 2) return std::nullopt;
    auto line = line_of(script, number - 1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.substr(0, safe_key.size()) != safe_key) return std::nullopt;
    line.remove_prefix(safe_key.size());
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return std::string(line.substr(0, line.find_last_not_of(" \t\r") + 1));
}

/// Goes through the migrations in their order and keeps in mind what they made so far.
class Linter {
public:
    explicit Linter(int first) : first_(first) {}

    void review(const Migration& migration) {
        if (migration.number >= first_) inherit();
        current_ = &migration;
        files_[migration.number] = up_file();
        not_valid_.clear();
        const auto header = read_header(migration.up);
        for (const auto& fault : header.faults) add(up_file(), fault.line, "header", fault.detail);
        review_up(header);
        review_down();
        if (migration.number >= first_) review_foreign_keys();
    }

    LintReport take() {
        inherit();
        for_each_without_index([&](const std::string& id, const sql::ForeignKey& key, std::string detail) {
            if (inherited_.count(id))
                report_.baseline.push_back({key.at.number, files_[key.at.number], key.at.line,
                                            "foreign-key-index", std::move(detail)});
        });
        return std::move(report_);
    }

private:
    std::string file(std::string_view way) const {
        return fmt::format("{:04}_{}.{}.sql", current_->number, current_->name, way);
    }
    std::string up_file() const { return file("up"); }

    void add(std::string file, int line, std::string_view rule, std::string detail) {
        Finding finding{current_->number, std::move(file), line, std::string(rule), std::move(detail)};
        const bool early = current_->number < first_ && !is_grave(rule);
        (early ? report_.baseline : report_.findings).push_back(std::move(finding));
    }

    /// As add(), unless the script gives a reason on the line before.
    void add_or_excuse(int line, std::string_view rule, std::string detail) {
        const auto reason = reason_before(current_->up, line);
        if (!reason) return add(up_file(), line, rule, std::move(detail));
        if (reason->empty())
            return add(up_file(), line, "safe-without-reason", "Say after \"-- safe:\" why it is.");
        report_.excuses.push_back(
            {{current_->number, up_file(), line, std::string(rule), std::move(detail)}, *reason});
    }

    void review_up(const Header& header) {
        const auto script = sql::parse(current_->up);
        if (script.fault) {
            add(up_file(), script.fault->line, "sql",
                fmt::format("PostgreSQL's parser cannot read it: {}.", script.fault->reason));
            return;
        }
        if (header.mode == Mode::batches && script.statements.size() != 1)
            add(up_file(), 1, "batch", "A migration that runs in batches has one statement.");
        for (const auto& statement : script.statements) {
            sql::check_statement(statement, {tables_, current_->number, header, not_valid_},
                                 [&](std::string_view rule, std::string detail) {
                                     add_or_excuse(statement.line, rule, std::move(detail));
                                 });
            note_not_valid(statement);
            tables_.apply(statement, current_->number);
        }
    }

    void note_not_valid(const sql::Statement& statement) {
        const auto note = [this](const sql::Node& command) {
            const auto* constraint = sql::as(sql::child(command, "def"), "Constraint");
            if (constraint && sql::flag(*constraint, "skip_validation"))
                not_valid_.insert(sql::text(*constraint, "conname"));
        };
        if (statement.kind == "AlterDomainStmt") note(statement.tree);
        for (const auto* wrapper : sql::list(statement.tree, "cmds"))
            if (const auto* command = sql::as(wrapper, "AlterTableCmd")) note(*command);
    }

    void review_down() {
        for (const auto& fault : read_header(current_->down).faults)
            add(file("down"), fault.line, "header", fault.detail);
        const auto script = sql::parse(current_->down);
        if (script.fault)
            add(file("down"), script.fault->line, "sql",
                fmt::format("PostgreSQL's parser cannot read it: {}.", script.fault->reason));
        const bool explained = current_->down.find("--") != std::string_view::npos;
        if (!script.fault && script.statements.empty() && !explained)
            add(file("down"), 1, "missing-down",
                "There is no way back. Undo each statement; where there is nothing to undo, say why in a "
                "comment.");
    }

    template <class Hear>
    void for_each_without_index(Hear hear) {
        for (const auto& [name, table] : tables_.all())
            for (const auto& key : table.foreign_keys) {
                const auto id = fmt::format("{}.{}", name, key.name);
                if (tables_.has_index(table, key))
                    inherited_.erase(id);
                else
                    hear(id, key,
                         fmt::format(
                             "No index of {} begins with {}: each delete in {} would read all of it. Add the "
                             "index before the foreign key.",
                             name, fmt::join(key.columns, ", "), key.parent));
            }
    }

    /// What old migrations left without an index is not the fault of the ones after; one of these may add it.
    void inherit() {
        if (std::exchange(has_inherited_, true)) return;
        for_each_without_index([&](const std::string& id, const sql::ForeignKey&, const std::string&) {
            inherited_.insert(id);
        });
    }

    void review_foreign_keys() {
        for_each_without_index([&](const std::string& id, const sql::ForeignKey& key, std::string detail) {
            if (inherited_.count(id) || !reported_.insert(id).second) return;
            const bool here = key.at.number == current_->number;
            add_or_excuse(here ? key.at.line : 1, "foreign-key-index", std::move(detail));
        });
    }

    int first_;
    const Migration* current_ = nullptr;
    sql::Tables tables_;
    std::set<std::string> not_valid_;
    std::map<int, std::string> files_;
    std::set<std::string> inherited_;  // foreign keys that were without an index when the rules began
    bool has_inherited_ = false;
    std::set<std::string> reported_;
    LintReport report_;
};

}  // namespace

LintReport lint(Migrations migrations, int first) {
    Linter linter(first);
    for (const auto& one : migrations) linter.review(one);
    return linter.take();
}

std::string sentence(const Finding& finding) {
    return fmt::format("{}:{}: {}: {}", finding.file, finding.line, finding.rule, finding.detail);
}

std::optional<Error> refusal(Migrations migrations, const std::vector<Migration>& pending) {
    if (pending.empty()) return std::nullopt;
    std::string words;
    for (const auto& finding : lint(migrations).findings) {
        const bool meant = std::any_of(pending.begin(), pending.end(),
                                       [&](const Migration& one) { return one.number == finding.number; });
        if (meant) words += '\n' + sentence(finding);
    }
    if (words.empty()) return std::nullopt;
    return Error(ErrorCode::conflict, "Nothing was applied, because migrations break the rules:" + words);
}

}  // namespace bb::db
