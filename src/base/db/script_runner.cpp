#include "base/db/script_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <regex>
#include <stdexcept>
#include <thread>

#include "base/db/lint/header.hpp"
#include "base/db/lint/sql.hpp"
#include "base/db/lock_watch.hpp"

namespace bb::db {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds shortest_wait{50};
constexpr std::chrono::seconds say_every{2};

// Whether an index is there and can be used; no row: it is not there.
constexpr const char* index_state_sql = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)";

// A row takes 28 bytes at least (header and line pointer); those that come meanwhile are let pass.
constexpr const char* most_rows_sql =
    "SELECT 100000 + coalesce(sum(pg_relation_size(oid)), 0)::bigint / 28 FROM pg_class "
    "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace";

/// Somebody else was in the way; the same may succeed in a moment.
bool is_worth_another_try(const SqlError& failure) {
    return failure.sqlstate() == "55P03" || failure.sqlstate() == "40P01" || failure.sqlstate() == "40001";
}

milliseconds since(steady_clock::time_point begin) {
    return std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
}

/// Ends what limit_waits() set for the session.
struct Reset {
    Session& session;
    ~Reset() {
        try {
            session.script("RESET lock_timeout");
        } catch (const std::exception&) {
            // The connection is gone, and the setting with it.
        }
    }
};

/// Runs `work` between BEGIN and COMMIT; whatever the database refuses rolls back.
template <class Work>
void in_transaction(Session& session, Work work) {
    session.script("BEGIN");
    try {
        work();
        session.script("COMMIT");
    } catch (const SqlError&) {
        session.script("ROLLBACK");
        throw;
    }
}

}  // namespace

void ScriptRunner::say(const std::string& words) const {
    if (say_) say_(words);
}

Result<void> ScriptRunner::run(const std::string& name, std::string_view text,
                               const std::function<void()>& record) {
    const auto script = sql::parse(text);
    if (script.fault)
        return Error(ErrorCode::conflict, fmt::format("{} cannot be read: line {}: {}.", name,
                                                      script.fault->line, script.fault->reason));
    const auto mode = read_header(text).mode;
    if (mode == Mode::one_transaction)
        return patiently(name, [&] { run_together(script.statements, record); });
    if (mode == Mode::none) {
        if (auto done = patiently(name, [&] { run_one_by_one(script.statements); }); !done) return done;
    } else {
        for (const auto& statement : script.statements)
            if (auto done = run_batches(name, statement); !done) return done;
    }
    return patiently(name, [&] { in_transaction(session_, record); });
}

Result<void> ScriptRunner::patiently(const std::string& name, const std::function<void()>& work) {
    auto pause = limits_.first_pause;
    for (int tried = 1;; ++tried) {
        std::string held;
        {
            LockWatch watch(session_, limits_.wait / 4);
            try {
                work();
                return {};
            } catch (const SqlError& failure) {
                if (!is_worth_another_try(failure)) throw;
                held = watch.seen();
            }
        }
        if (tried >= limits_.tries)
            return Error(
                ErrorCode::unavailable,
                fmt::format(
                    "{} waited {} times for {}. It was not applied. Try again when that is over, or end "
                    "that process.",
                    name, tried, held));
        say(fmt::format("{} waits for {}. It lets others through and tries again ({} of {}).", name, held,
                        tried + 1, limits_.tries));
        std::this_thread::sleep_for(pause);
        pause = std::min(pause * 2, limits_.longest_pause);
    }
}

void ScriptRunner::limit_waits(milliseconds limit, bool local) {
    session_.query("SELECT set_config('lock_timeout', $1, $2)", std::to_string(limit.count()), local);
}

// The limit is for all statements together: the locks of the first are held while a later one waits.
void ScriptRunner::run_together(const Statements& statements, const std::function<void()>& record) {
    in_transaction(session_, [&] {
        const auto begin = steady_clock::now();
        limit_waits(limits_.wait, true);
        auto limit = limits_.wait;
        bool ours = true;  // until the script says otherwise
        for (const auto& statement : statements) {
            const auto left = std::max(limits_.wait - since(begin), shortest_wait);
            if (ours && left + shortest_wait < limit) limit_waits(limit = left, true);
            session_.script(statement.text);
            ours = ours && !sql::sets(statement, "lock_timeout");
        }
        record();
    });
}

void ScriptRunner::run_one_by_one(const Statements& statements) {
    const Reset reset{session_};
    limit_waits(limits_.concurrent_wait, false);
    for (const auto& statement : statements) {
        remove_broken_index(statement);
        session_.script(statement.text);
    }
}

// What a crash in the middle of CREATE INDEX CONCURRENTLY leaves: IF NOT EXISTS would be content with it.
void ScriptRunner::remove_broken_index(const sql::Statement& statement) {
    const auto index = Session::quoted(sql::text(statement.tree, "idxname"));
    if (statement.kind != "IndexStmt" || !sql::flag(statement.tree, "concurrent")) return;
    const auto rows = session_.query(index_state_sql, index);
    if (!rows.empty() && !rows[0].get<bool>(0)) session_.script("DROP INDEX CONCURRENTLY " + index);
}

Result<void> ScriptRunner::run_batches(const std::string& name, const sql::Statement& statement) {
    std::int64_t rows = 0;
    const auto most = session_.query(most_rows_sql)[0].get<std::int64_t>(0);
    auto said = steady_clock::now();
    for (;;) {
        std::int64_t touched = 0;
        auto done = patiently(name, [&] {
            in_transaction(session_, [&] {
                limit_waits(limits_.wait, true);
                touched = session_.query(statement.text).affected();
            });
        });
        if (!done) return done;
        rows += touched;
        if (rows > most)
            return Error(
                ErrorCode::conflict,
                fmt::format("{} has touched {} rows, more than there are: its batches find the same ones "
                            "again and come to no end. It was not applied.",
                            name, rows));
        const bool last = touched == 0;
        if (last || steady_clock::now() - said > say_every) {
            say(fmt::format("{}: {} rows{}.", name, rows, last ? " in all" : " so far"));
            said = steady_clock::now();
        }
        if (last) return {};
    }
}

void run_inside(Session& session, std::string_view text) {
    static const std::regex index(R"(^(CREATE\s+(?:UNIQUE\s+)?INDEX|DROP\s+INDEX)\s+CONCURRENTLY\b)",
                                  std::regex::icase);
    const auto script = sql::parse(text);
    if (script.fault) throw std::runtime_error(script.fault->reason);
    for (const auto& statement : script.statements) {
        if (statement.kind == "VacuumStmt" || statement.kind == "ReindexStmt") continue;
        session.script(std::regex_replace(statement.text, index, "$1"));
    }
}

}  // namespace bb::db
