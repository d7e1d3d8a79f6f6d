#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/installation.hpp"
#include "operations/safety/wal_piece.hpp"

namespace bb::safety {

/// Any second from `from` to `to` can be recovered with this physical backup and the log that follows it.
struct RecoveryWindow {
    StoredBackup base;
    Time from, to;
    Lsn end = 0;                   ///< of the log that follows
    std::vector<WalPiece> pieces;  ///< that log, of the base's server
};

/// The windows of all physical backups of a place, the oldest backup first. A backup whose log is not there
/// has none.
std::vector<RecoveryWindow> recovery_windows(const Destination& place);

/// The shortest way to a second: the window of the newest backup before it; nothing for `at`: the newest
/// second there is. Errors: not_found, naming what can be recovered.
Result<RecoveryWindow> window_for(std::vector<RecoveryWindow> windows, std::optional<Time> at,
                                  std::string_view place);

/// Whether any second from a physical backup of the place until now can be recovered, as far as the log will
/// be copied: what a backup begins with is in the place or still kept for it, without a gap.
bool is_followed(const Installation& of, const Destination& place);

/// Any second from `from` to `to` can be recovered.
struct RecoverySpan {
    Time from, to;
};

/// What overlaps put together, the oldest first.
std::vector<RecoverySpan> recoverable(const std::vector<RecoveryWindow>& windows);

/// "from A to B, and from C to D" of what overlaps put together; empty without any.
std::string spans_of(const std::vector<RecoveryWindow>& windows);

/// Notes that the server's log ended at `end` until `at`: nothing was written since the last piece.
void note_quiet(const Destination& place, std::string_view system, std::uint32_t timeline, Lsn end, Time at);

/// Removes the log that no physical backup of the place begins with; none while one is there whose manifest
/// cannot be read. Returns how many pieces went, or would go.
std::size_t prune_wal(const Destination& place, const std::vector<StoredBackup>& kept, bool dry_run);

}  // namespace bb::safety
