#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"
#include "base/db/lock_limits.hpp"
#include "base/db/session.hpp"

namespace bb::db {

namespace sql {
struct Statement;
}

/// Runs the scripts of migrations on one session, each in the mode that its header names.
class ScriptRunner {
public:
    using Say = std::function<void(std::string_view)>;

    /// `say` (may be empty) hears of locks that are waited for, and how far a long script is.
    ScriptRunner(Session& session, LockLimits limits, Say say)
        : session_(session), limits_(limits), say_(std::move(say)) {}

    /// `record` notes in the database that the script is done, in the script's transaction where it has one.
    /// Errors: conflict, when the script cannot be read; unavailable, when others hold on to a lock (nothing
    /// of a transaction is left then). Throws SqlError.
    Result<void> run(const std::string& name, std::string_view script, const std::function<void()>& record);

private:
    using Statements = std::vector<sql::Statement>;

    void say(const std::string& words) const;
    Result<void> patiently(const std::string& name, const std::function<void()>& work);
    void run_together(const Statements& statements, const std::function<void()>& record);
    void run_one_by_one(const Statements& statements);
    Result<void> run_batches(const std::string& name, const sql::Statement& statement);
    void limit_waits(std::chrono::milliseconds limit, bool local);
    void remove_broken_index(const sql::Statement& statement);

    Session& session_;
    LockLimits limits_;
    Say say_;
};

/// Runs a script inside the transaction of the caller, for a look at what it makes: what cannot run there is
/// done in the way that can, or left out when it makes nothing. Throws SqlError, and std::runtime_error for a
/// script that cannot be read.
void run_inside(Session& session, std::string_view script);

}  // namespace bb::db
