#pragma once
#include <functional>
#include <stdexcept>
#include <vector>

#include "operations/safety/backup_key.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/installation.hpp"
#include "operations/safety/wal_piece.hpp"

namespace bb::safety {

/// How far the log of a database is kept in a place.
struct WalProgress {
    Time safe_until;  ///< what was acknowledged before is in the place
    Lsn kept = 0;     ///< end of what is in the place
    Lsn written = 0;  ///< end of the server's log when it was last looked at
};

/// The server does not have any more what the place lacks: it keeps no log for the place now, and recovery
/// begins again with the next physical backup.
class LogLost : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Copies a database's write-ahead log into a place as it is written, about a second behind. The server keeps
/// what is not in the place yet, within its bounds.
struct WalKeeper {
    const Installation& of;
    Destination to;
    std::vector<PublicKey> recipients;
    std::function<bool()> stopping;                  ///< true: put away what is there, and return
    bool beside_data = false;                        ///< the place is on the disk of the data
    std::function<void(const WalProgress&)> tell{};  ///< called about once a second

    /// Why there is nothing more to copy.
    enum class Ended { stopped, without_slot, read_by_another };

    /// Works until `stopping`. Returns at once when the place has no slot, or another server reads from it.
    /// Throws LogLost, db::Unavailable and db::SqlError about the database, and as Store does.
    Ended follow() const;
};

}  // namespace bb::safety
