#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "operations/safety/backup_key.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/wal_piece.hpp"

namespace bb::safety {

/// Keeps a stretch of the write-ahead log: compressed, and sealed to `recipients` with a key of its own.
/// Throws as Store does.
void put_wal(const Destination& place, const WalPiece& piece, std::string_view bytes,
             const std::vector<PublicKey>& recipients);

/// The log of one server, or of all of them, by server and position. Others may add and remove meanwhile.
std::vector<WalPiece> list_wal(const Destination& place, std::string_view system = {});

/// The bytes of a piece. Throws std::runtime_error with a sentence that names the piece: it is gone, was
/// changed, or opens with none of `keys`.
std::string open_wal(const Destination& place, const WalPiece& piece, const BackupKeys& keys);

/// A stretch of one server's log.
struct WalRange {
    std::string system;
    std::uint32_t timeline = 0;
    Lsn from = 0, to = 0;
};

/// The bytes of a stretch, less when it is not all there. `pieces` are those of a listing; a server that runs
/// puts pieces together meanwhile, so that one that has gone is looked for anew. Throws as open_wal().
std::string read_wal(const Destination& place, const std::vector<WalPiece>& pieces, const WalRange& range,
                     const BackupKeys& keys);

void remove_wal(const Destination& place, const WalPiece& piece);

/// Bytes that the log takes in the place.
std::uint64_t wal_bytes(const Destination& place);

}  // namespace bb::safety
