#include "operations/safety/wal_store.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <stdexcept>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "operations/safety/compression.hpp"
#include "services/blobs/sealed_file.hpp"

namespace bb::safety {
namespace {

constexpr int tries_to_read = 3;

/// It was put together with others, or somebody has removed it.
class PieceGone : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The first line of a piece: its key, sealed to each recipient.
std::string keys_line(const secrets::Key& key, const std::vector<PublicKey>& recipients) {
    JsonWriter json;
    json.object().key("keys").array();
    for (const auto& recipient : recipients) json.value(seal_key(key, recipient));
    return json.end().end().take() + "\n";
}

std::optional<secrets::Key> key_in(std::string_view line, const BackupKeys& keys) {
    const auto parsed = parse_json(line);
    if (!parsed || !parsed->is_object()) return std::nullopt;
    const auto* list = parsed->as_object().if_contains("keys");
    if (!list || !list->is_array()) return std::nullopt;
    for (const auto& sealed : list->as_array())
        for (const auto& identity : keys.identities)
            if (sealed.is_string())
                if (auto key = open_key(std::string(sealed.as_string()), identity)) return key;
    return std::nullopt;
}

std::string read_all(http::FileSource& source, std::size_t expected) {
    std::string bytes(expected + 1, '\0');
    bytes.resize(http::read_full(source, bytes.data(), bytes.size()));
    return bytes;
}

}  // namespace

void put_wal(const Destination& place, const WalPiece& piece, std::string_view bytes,
             const std::vector<PublicKey>& recipients) {
    const auto key = secrets::Key::random();
    auto sealed = keys_line(key, recipients);
    blobs::FileSealer sealer(key, piece.name(), [&sealed](std::string_view part) { sealed += part; });
    Compressor compressor(0, [&sealer](std::string_view part) { sealer.add(part); });
    compressor.add(bytes);
    compressor.finish();
    sealer.finish();
    place.store().put(piece.name(), sealed);
}

std::vector<WalPiece> list_wal(const Destination& place, std::string_view system) {
    std::vector<WalPiece> pieces;
    for (const auto& entry : place.store().list(wal_folder(system)))
        if (auto piece = wal_piece_named(entry.name)) pieces.push_back(std::move(*piece));
    return pieces;
}

std::string open_wal(const Destination& place, const WalPiece& piece, const BackupKeys& keys) {
    const auto fail = [&](std::string_view how) -> std::runtime_error {
        return std::runtime_error(
            fmt::format("The piece {} of the write-ahead log in {} {}.", piece.name(), place.name(), how));
    };
    const auto stored = place.store().get(piece.name());
    if (!stored) throw PieceGone(fail("is not there").what());
    const auto line_end = stored->find('\n');
    if (line_end == std::string::npos) throw fail("was cut off");
    const auto key = key_in(std::string_view(*stored).substr(0, line_end), keys);
    if (!key) throw fail("does not open with this backup key, or was changed");
    const auto body = std::string_view(*stored).substr(line_end + 1);
    try {
        auto opened =
            blobs::open_sealed(http::FileBody{http::source_of(body), body.size()}, *key, piece.name());
        if (!opened) throw fail("was changed");
        auto bytes = read_all(*decompressed(std::move(opened->source)), piece.to - piece.from);
        if (bytes.size() != piece.to - piece.from) throw fail("has another length than its name says");
        return bytes;
    } catch (const std::runtime_error& fault) {
        if (std::string_view(fault.what()).starts_with("The piece ")) throw;
        throw fail(fmt::format("was changed or cut off ({})", fault.what()));
    }
}

std::string read_wal(const Destination& place, const std::vector<WalPiece>& pieces, const WalRange& range,
                     const BackupKeys& keys) {
    std::vector<WalPiece> known = pieces;
    for (int attempt = 1;; ++attempt) {
        std::string bytes;
        try {
            for (const auto& piece : cover(known, range.timeline, range.from, range.to)) {
                const auto at = range.from + bytes.size();
                bytes += open_wal(place, piece, keys).substr(at - piece.from, range.to - at);
            }
            return bytes;
        } catch (const PieceGone&) {
            if (attempt == tries_to_read) throw;
            known = list_wal(place, range.system);
        }
    }
}

void remove_wal(const Destination& place, const WalPiece& piece) {
    place.store().remove(piece.name());
}

std::uint64_t wal_bytes(const Destination& place) {
    std::uint64_t sum = 0;
    for (const auto& entry : place.store().list(wal_folder({}))) sum += entry.bytes;
    return sum;
}

}  // namespace bb::safety
