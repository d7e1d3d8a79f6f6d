#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/core/time.hpp"
#include "operations/safety/backup_key.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/erasures.hpp"
#include "operations/safety/former_files.hpp"
#include "operations/safety/installation.hpp"
#include "operations/safety/restore_source.hpp"

namespace bb::safety {

/// A table whose rows a restore changes in number.
struct RowChange {
    std::string table;
    std::int64_t live = 0;
    std::int64_t restored = 0;
};

/// What a restore would replace.
struct RestorePlan {
    bool empty = true;               ///< there is nothing yet
    std::optional<Time> last_write;  ///< newest entry of the live audit log
    std::vector<RowChange> changes;  ///< by table
    Erased erased;                   ///< who is erased again
    std::string fault;               ///< why the live database cannot be read to its end; empty: it can
};
/// `newest_schema`: up to which a backup may have what this program does not know, as long as it only adds.
/// Throws std::runtime_error with a sentence where it has more; db::SqlError, db::Unavailable.
RestorePlan plan_restore(const Installation& into, const Destination& from, const Manifest& manifest,
                         int newest_schema = 0);

/// The moment of a restore since which no migration was applied: what stands before it belongs to the backup,
/// and taking the newest of that back as well would be one too many.
std::optional<Time> restored_at(db::Session& session);

/// What came out of a restore.
struct Restored {
    std::string former_database;     ///< the live one of before under its new name; empty: there was none
    std::int64_t rows = 0;           ///< of the backup, all of which came back
    std::optional<Time> newest_row;  ///< when the newest of them was made; nothing: the backup does not tell
    std::uint64_t files = 0;
    std::uint64_t missing_files = 0;  ///< that rows name, and that are nowhere
    std::size_t erased = 0;
    std::filesystem::path settings;  ///< folder with settings that were laid beside; empty: none
    double seconds = 0;
    double seconds_away = 0;  ///< that no connection could be made
};

/// What others do to a database before it takes the place of the live one.
using Settle = std::function<void(const std::string& conninfo, const Erased& erased)>;

/// Restores a backup beside what is there, checks it, and only then puts it in its place; until then nothing
/// is touched, and whatever fails leaves everything as it was. The former database stays under another name.
/// What fails after the database was replaced says so, and is to be done again.
/// Throws std::runtime_error with a sentence: newer schema, damaged part, rows that are not all there, no
/// right, no room; db::SqlError, db::Unavailable.
Restored restore_backup(const Installation& into, const RestoreSource& source, const RestorePlan& plan,
                        const Settle& settle);

/// Databases that restores have put aside; purge_former() drops them.
std::vector<std::string> former_databases(const Installation& at);
/// Gives one of them the place of the live database, which is put aside in turn: under the name that this
/// gives. What a restore does to what comes back is done to it before: newer migrations, and `settle` with
/// those who were erased. The server's secret of its time comes back with it; uploaded files stay. Until the
/// databases change places, whatever fails leaves everything live as it was. Throws std::runtime_error with a
/// sentence, db::SqlError, db::Unavailable.
std::string put_back_former(const Installation& at, const std::string& name, const Erased& erased,
                            const Settle& settle);
/// Drops databases that restores have put aside, and erases the uploaded files that they alone have named.
/// Throws std::runtime_error with a sentence, db::SqlError, db::Unavailable.
ReleasedFiles purge_former(const Installation& at, const std::vector<std::string>& names);

}  // namespace bb::safety
