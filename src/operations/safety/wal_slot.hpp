#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/core/task.hpp"
#include "base/core/time.hpp"
#include "base/db/database.hpp"
#include "base/db/session.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/installation.hpp"
#include "operations/safety/wal_piece.hpp"

namespace bb::safety {

/// What the database server keeps of its write-ahead log for one place.
struct WalSlot {
    std::string name;
    Time now;                     ///< when this was looked at
    Lsn written = 0;              ///< what the server has on its disk
    std::optional<Lsn> kept;      ///< from here on the server keeps it for us; nothing: not any more
    bool in_use = false;          ///< somebody reads it
    std::int64_t most_kept = -1;  ///< bytes that the server keeps at most; -1: without a bound
    Lsn segment_size = 0;
    std::string system;  ///< the server that this is of

    /// What the place lacks.
    Lsn behind() const { return kept && written > *kept ? written - *kept : 0; }
};

/// The slot of a place as it is; nothing: there is none. A slot belongs to the database that `session` is
/// connected to, which is that of Installation::wal_conninfo, here and below. Throws db::SqlError,
/// db::Unavailable.
std::optional<WalSlot> find_slot(db::Session& session, const Destination& place);

/// Why a slot would be a danger to the server; nothing: what it keeps for us has a bound.
std::optional<std::string> why_unbounded(db::Session& session);

/// Lets the server keep its log for the place from now on; no change when it does already. Throws
/// std::runtime_error with a sentence where the role may not, or the server would keep it without a bound.
void make_slot(db::Session& session, const Destination& place);

/// The same for several, as the role that may. Throws like make_slot().
void make_slots(const Installation& of, const std::vector<Destination>& places);

/// What one of these places, by Destination::name(), lacks at least that is copied into now, in bytes;
/// nothing: no log is copied, or the last try to copy the files of the database failed, so that there may be
/// nothing that the log follows.
Task<std::optional<std::int64_t>> least_behind(db::Database& db, const std::vector<std::string>& places);

/// Drops the slots of places that are none any more, unless somebody reads from them: they would hold log for
/// ever. For a server that is ours alone.
void drop_unused_slots(db::Session& session, const std::vector<Destination>& places);

/// From now on the server keeps nothing for the place. No fault when it has no slot. Ends who reads from it.
void drop_slot(db::Session& session, const Destination& place);

}  // namespace bb::safety
