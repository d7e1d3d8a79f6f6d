#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/core/json_writer.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/installation.hpp"
#include "operations/safety/recovery_window.hpp"
#include "operations/safety/wal_slot.hpp"

namespace bb::cli {

/// How the write-ahead log of a place stands now.
struct PlaceLog {
    std::optional<safety::WalSlot> slot;      ///< nothing: the database keeps no log for the place
    safety::Lsn end = 0;                      ///< of what is there
    std::string system;                       ///< the server that it is of
    std::optional<Time> to;                   ///< until when any second can be recovered; nothing: none can
    std::vector<safety::RecoverySpan> spans;  ///< what can be recovered
    std::string told_spans;                   ///< in words
    std::uint64_t bytes = 0;
    std::string why_none;  ///< why the database can keep none; empty: it can, or does

    /// Seconds of work that would be lost now; nothing: no second can be recovered.
    std::optional<double> lag() const;
};

/// Throws as Store does, and db::Unavailable.
PlaceLog look_at_log(const safety::Installation& of, const safety::Destination& place);

/// As the fields "log" and "whyNoLog" of a place.
void write_log(JsonWriter& json, const PlaceLog& log);
/// A line for people.
std::string told_log(const PlaceLog& log, const std::string& place);

}  // namespace bb::cli
