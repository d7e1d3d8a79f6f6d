#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/time.hpp"
#include "base/db/wal_stream.hpp"

namespace bb::safety {

using db::Lsn;

/// A stretch of a server's write-ahead log as it is kept in a place. Its name says all of it, and what was
/// sealed under one name opens under no other.
struct WalPiece {
    std::string system;          ///< the server that wrote it
    std::uint32_t timeline = 0;  ///< of that server
    Lsn from = 0, to = 0;        ///< first byte, and the one after the last
    Time at;                     ///< everything that was acknowledged before stands before `to`

    /// "wal/SYSTEM/TIMELINE-FROM-TO-TIME".
    std::string name() const;
};

/// What name() gives; nothing for any other text.
std::optional<WalPiece> wal_piece_named(std::string_view name);

/// Under which the log of all servers is kept, or that of one.
std::string wal_folder(std::string_view system = {});

/// How far the log is there without a gap from `from` on: the piece that ends it. Nothing: not even `from`.
std::optional<WalPiece> reach(const std::vector<WalPiece>& pieces, std::uint32_t timeline, Lsn from);

/// Pieces that give the log from `from` to `to`, in order, as few as can be; each covers what the ones
/// before leave open. Less when not all of it is there.
std::vector<WalPiece> cover(const std::vector<WalPiece>& pieces, std::uint32_t timeline, Lsn from, Lsn to);

/// The log is cut into files of this many bytes; `at` is in the one that begins at segment_of().
constexpr Lsn segment_of(Lsn at, Lsn segment_size) {
    return at - at % segment_size;
}

/// Name of the file that PostgreSQL keeps that segment in: "000000010000000000000005".
std::string segment_file(std::uint32_t timeline, Lsn at, Lsn segment_size);
/// The first position in a file of this name; nothing for other files of the log.
struct SegmentStart {
    std::uint32_t timeline;
    Lsn at;
};
std::optional<SegmentStart> segment_start(std::string_view file, Lsn segment_size);

}  // namespace bb::safety
