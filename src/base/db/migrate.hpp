#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/time.hpp"
#include "base/db/lint/header.hpp"
#include "base/db/lock_limits.hpp"
#include "base/db/migration.hpp"
#include "base/db/session.hpp"

namespace bb::db {

/// One migration, as the program and the database know it.
struct MigrationState {
    int number;
    std::string name;
    std::optional<Time> applied_at;
    bool changed = false;         ///< applied with another text than this program carries
    bool unknown = false;         ///< applied by a newer program; this one does not carry it
    Phase phase = Phase::expand;  ///< of an unknown one as noted when it was applied; not noted: contract
};

/// Which pending migrations are applied. They keep their order: one that is not meant holds back all after
/// it.
enum class Phases {
    expand,
    contract,
    all,
    needed,  ///< all but the contract migrations at the end: what a program needs for its start
};

/// What became, or would become, of the pending migrations.
struct Progress {
    std::vector<Migration> applied;
    std::vector<Migration> waiting;
    /// The first that was meant and is held back by one of another phase.
    std::optional<Migration> held_back;
};

/// What going back would destroy.
struct Loss {
    int number;
    std::string name;
    std::vector<std::string> drops;  ///< e.g. "table threads (12 rows)"
    std::vector<std::string> gone;  ///< what the way up dropped of before, and the way down makes anew, empty
};

/// Applies numbered migrations to one database. `session` and `migrations` must outlive it.
class Migrator {
public:
    using Step = std::function<void(const Migration&)>;
    using Say = std::function<void(std::string_view)>;

    Migrator(Session& session, Migrations migrations) : session_(session), migrations_(migrations) {}

    /// While another program changes the schema, migrate() and rollback() tell `say` which one and wait this
    /// long (without this call, five minutes in silence).
    void when_taken(Say say, std::chrono::milliseconds patience = std::chrono::minutes(5)) {
        say_ = std::move(say);
        patience_ = patience;
    }
    /// How long a migration waits for locks of others.
    void limit_locks(LockLimits limits) { limits_ = limits; }

    /// All migrations of program and database, by number.
    std::vector<MigrationState> status();
    /// Number of the newest applied migration; 0: none.
    int current();
    /// True when the schema holds nothing at all.
    bool empty();
    /// What migrate() would apply. Errors: conflict, when an applied migration was changed, or is unknown
    /// here and took something away. What newer programs only added is no hindrance.
    Result<std::vector<Migration>> pending();
    /// From here on plan() and migrate() leave alone what is above this number.
    void stop_at(int number) { last_ = number; }
    /// What migrate() would do. Errors as pending(), and conflict when a migration that would be applied
    /// breaks a rule (lint.hpp).
    Result<Progress> plan(Phases phases);
    /// Applies what is pending and meant, one after the other, while no one else does. `step` hears of each
    /// before it runs. Errors as plan(), and unavailable when somebody else goes on changing the schema or
    /// holding a lock. A failing migration throws SqlError; it leaves those before it and, run in a
    /// transaction, nothing of itself.
    Result<Progress> migrate(const Step& step, Phases phases = Phases::expand);
    /// What rollback(to) would destroy, newest first. Errors: conflict as pending() and for any migration of
    /// a newer program, invalid_input for a number that is not below the current one.
    Result<std::vector<Loss>> losses(int to);
    /// Takes back every migration above `to`, newest first. Errors as losses(), and unavailable as migrate().
    Result<std::vector<Migration>> rollback(int to, const Step& step);

private:
    std::optional<Error> fault(const std::vector<MigrationState>& states) const;
    Result<std::vector<Migration>> above(int to);
    Result<void> apply(const Migration& migration);
    Result<void> take_back(const Migration& migration);
    std::string describe(const std::string& table);

    Session& session_;
    Migrations migrations_;
    Say say_;
    std::chrono::milliseconds patience_ = std::chrono::minutes(5);
    LockLimits limits_;
    std::optional<int> last_;
};

/// How many of the migrations a program needs for its start: all but the contract ones at the end.
std::size_t count_needed(Migrations migrations);
/// The number of the last of these; 0 when there is none.
int newest_needed(Migrations migrations);
/// SHA-256 of a migration's way up, in hexadecimal.
std::string checksum(const Migration& migration);
/// The tables and columns that a script drops, as written: "table a", "column b of c".
std::vector<std::string> drops_in(std::string_view script);

/// For the start of a server: migrates a private or an empty database (the private one but for contract
/// migrations at the end, which wait for an operator), and refuses one outside the range that this program
/// runs on. Errors: unavailable, with a sentence that says what to do. Throws Unavailable, also while another
/// program changes the schema: worth another try.
Result<void> prepare_schema(Session& session, bool managed, const std::function<void(std::string_view)>& say);

}  // namespace bb::db
