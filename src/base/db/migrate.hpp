#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/time.hpp"
#include "base/db/session.hpp"
#include "embedded/assets.hpp"

namespace bb::db {

using Migration = embedded::EmbeddedMigration;
using Migrations = std::span<const Migration>;

/// One migration, as the program and the database know it.
struct MigrationState {
    int number;
    std::string name;
    std::optional<Time> applied_at;
    bool changed = false;  ///< applied with another text than this program carries
    bool unknown = false;  ///< applied by a newer program; this one does not carry it
};

/// What going back would destroy.
struct Loss {
    int number;
    std::string name;
    std::vector<std::string> drops;  ///< e.g. "table threads (12 rows)"
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

    /// All migrations of program and database, by number.
    std::vector<MigrationState> status();
    /// Number of the newest applied migration; 0: none.
    int current();
    /// True when the schema holds nothing at all.
    bool empty();
    /// What migrate() would apply. Errors: conflict, when an applied migration was changed or is unknown
    /// here.
    Result<std::vector<Migration>> pending();
    /// Applies what is pending, each in a transaction of its own, while no one else does. `step` hears of
    /// each before it runs. Errors as pending(), and unavailable when somebody else goes on changing the
    /// schema. A failing migration throws SqlError and leaves those before it.
    Result<std::vector<Migration>> migrate(const Step& step);
    /// What rollback(to) would destroy, newest first. Errors: conflict as pending(), invalid_input for a
    /// number that is not below the current one.
    Result<std::vector<Loss>> losses(int to);
    /// Takes back every migration above `to`, newest first, each in a transaction of its own. Errors as
    /// losses(), and unavailable as migrate().
    Result<std::vector<Migration>> rollback(int to, const Step& step);

private:
    class Lock;
    std::optional<Error> fault(const std::vector<MigrationState>& states) const;
    Result<std::vector<Migration>> above(int to);
    std::string describe(const std::string& table);

    Session& session_;
    Migrations migrations_;
    Say say_;
    std::chrono::milliseconds patience_ = std::chrono::minutes(5);
};

/// SHA-256 of a migration's way up, in hexadecimal.
std::string checksum(const Migration& migration);
/// The tables and columns that a script drops, as written: "table a", "column b of c".
std::vector<std::string> drops_in(std::string_view script);

/// For the start of a server: migrates a private or an empty database, and refuses one outside the range that
/// this program runs on. Errors: unavailable, with a sentence that says what to do. Throws Unavailable, also
/// while another program changes the schema: worth another try.
Result<void> prepare_schema(const std::string& conninfo, bool managed,
                            const std::function<void(std::string_view)>& say);

}  // namespace bb::db
