#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/core/task.hpp"
#include "base/core/time.hpp"
#include "base/db/database.hpp"
#include "base/db/session.hpp"
#include "operations/safety/backup_key.hpp"
#include "operations/safety/create.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/installation.hpp"

namespace bb::safety {

/// A backup that was made, or should have been.
struct BackupRun {
    Time started_at;
    std::string reason;
    std::optional<std::string> backup;  ///< id; nothing: none was made
    std::int64_t bytes = 0;
    double seconds = 0;
    std::optional<std::string> fault;
};

/// Copies the runs that `to` has not from `from`, which a restore is about to replace with it. `from` needs
/// to have no such table.
void carry_runs(db::Session& from, db::Session& to);

/// Makes a backup in the first of the places that takes one, folders before others, copies it into the rest,
/// and notes the outcome in the database. Errors as create_backup(), after they were noted; also when one
/// place alone has failed, which is named. `with_log`: the database keeps its write-ahead log for the places
/// from now on.
Manifest back_up(const Installation& from, std::vector<Destination> to,
                 const std::vector<PublicKey>& recipients, const std::string& reason,
                 Method method = Method::logical, bool with_log = false);

/// The one of these places in which back_up() makes a backup, to copy it into the others.
const Destination& made_in(const std::vector<Destination>& places);

/// The newest run, and the newest that made a backup of each kind.
struct LastRuns {
    std::optional<BackupRun> any, good{}, physical{};
};
LastRuns last_runs(db::Session& session);
/// The newest fifty that made a backup, of either kind, the newest first.
std::vector<BackupRun> good_runs(db::Session& session);
/// Whether the database has a schema in which runs are noted.
bool notes_runs(db::Session& session);
Task<LastRuns> last_runs(db::Database& db);
/// The newest first, good or not.
Task<std::vector<BackupRun>> newest_runs(db::Database& db, int limit);
/// Seconds since the newest backup of either kind began; nothing: there is none.
std::optional<double> age_of_newest(const LastRuns& last);
/// How old the newest may be: two are missed then; where no server makes any, two days.
std::chrono::seconds longest_gap(std::chrono::seconds every);
/// Whether two scheduled backups were missed, counted from the last good one; without one from the start of
/// the server, and without that too at once.
bool is_late(const LastRuns& last, std::chrono::seconds every,
             std::optional<Time> server_started = std::nullopt);

/// Of several nodes one at a time works on backups and drills: true when it is this one, until release_turn()
/// or the end of the connection.
bool take_turn(db::Session& session);
void release_turn(db::Session& session);

/// How long a server holds back by itself.
struct Pace {
    std::chrono::seconds settle{10 * 60};         ///< before the first backup
    std::chrono::seconds after_failure{60 * 60};  ///< before it is tried again
    std::chrono::seconds before_drill{60 * 60};
    std::chrono::seconds spread{15 * 60};  ///< that nodes differ by
};

/// When a server makes the next backup by itself: `every` after the last good one began, an hour after a
/// failure, and for one that was missed when the server has run for ten minutes. `node` spreads several nodes
/// over a quarter of an hour.
Time next_run(const LastRuns& last, Time server_started, std::chrono::seconds every, std::uint32_t node,
              const Pace& pace = {});

/// When a server copies the files of the whole database by itself the next time: `every` after the last; an
/// hour after it when the log since then is not `followed`, and after a failure.
Time next_physical(const LastRuns& last, bool followed, Time server_started, std::chrono::seconds every,
                   std::uint32_t node, const Pace& pace = {});

/// When a server holds the next drill by itself: `every` after the last, and not within the first hour.
Time next_drill(std::optional<Time> last, Time server_started, std::chrono::seconds every, std::uint32_t node,
                const Pace& pace = {});

}  // namespace bb::safety
