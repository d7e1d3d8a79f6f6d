#include "operations/safety/recovery_window.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "operations/safety/wal_slot.hpp"
#include "operations/safety/wal_store.hpp"

namespace bb::safety {
namespace {

constexpr const char* quiet_name = "quiet";

std::string quiet_object(std::string_view system) {
    return wal_folder(system) + quiet_name;
}

std::string quiet_text(std::uint32_t timeline, Lsn end) {
    return fmt::format("{:08X} {} ", timeline, db::lsn_text(end));
}

/// Until when nothing came after `last`, as far as it was noted.
Time quiet_until(const Destination& place, const WalPiece& last) {
    const auto text = place.store().get(quiet_object(last.system));
    const auto expected = quiet_text(last.timeline, last.to);
    if (!text || !text->starts_with(expected)) return last.at;
    return std::max(last.at, parse_rfc3339(text->substr(expected.size())).value_or(last.at));
}

std::optional<RecoveryWindow> window_of(const Destination& place, StoredBackup base,
                                        const std::vector<WalPiece>& pieces) {
    const auto& wal = *base.manifest->wal;
    const auto last = reach(pieces, wal.timeline, segment_of(wal.from, wal.segment_size));
    if (!last || last->to < wal.to) return std::nullopt;
    const auto from = base.manifest->created_at;
    return RecoveryWindow{std::move(base), from, std::max(from, quiet_until(place, *last)), last->to, pieces};
}

/// What a backup says of itself, also a damaged one; nothing: it cannot be read.
std::optional<Manifest> told_by(const StoredBackup& backup) {
    if (backup.manifest) return backup.manifest;
    const auto told = read_manifest(backup.manifest_text);
    if (!told || told->id != backup.id) return std::nullopt;
    return *told;
}

}  // namespace

std::vector<RecoverySpan> recoverable(const std::vector<RecoveryWindow>& windows) {
    std::vector<RecoverySpan> all;
    for (const auto& window : windows) all.push_back({window.from, window.to});
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
    std::vector<RecoverySpan> joined;
    for (const auto& span : all) {
        if (!joined.empty() && span.from <= joined.back().to)
            joined.back().to = std::max(joined.back().to, span.to);
        else
            joined.push_back(span);
    }
    return joined;
}

std::vector<RecoveryWindow> recovery_windows(const Destination& place) {
    std::vector<RecoveryWindow> windows;
    std::map<std::string, std::vector<WalPiece>> logs;
    for (auto& backup : place.list()) {
        if (!backup.manifest || !backup.manifest->wal) continue;
        const auto system = backup.manifest->wal->system;
        if (!logs.contains(system)) logs[system] = list_wal(place, system);
        if (auto window = window_of(place, std::move(backup), logs[system]))
            windows.push_back(std::move(*window));
    }
    return windows;
}

bool is_followed(const Installation& of, const Destination& place) {
    db::Session session(of.wal_conninfo);
    session.while_waiting(of.watch);
    const auto slot = find_slot(session, place);
    if (!slot || !slot->kept) return false;
    const auto pieces = list_wal(place, slot->system);
    for (const auto& backup : place.list()) {
        if (!backup.manifest || !backup.manifest->wal) continue;
        const auto& wal = *backup.manifest->wal;
        if (wal.system != slot->system) continue;
        const auto begin = segment_of(wal.from, wal.segment_size);
        const auto last = reach(pieces, wal.timeline, begin);
        if (begin >= segment_of(*slot->kept, wal.segment_size) || (last && last->to >= *slot->kept))
            return true;
    }
    return false;
}

std::string spans_of(const std::vector<RecoveryWindow>& windows) {
    std::string text;
    for (const auto& [from, to] : recoverable(windows))
        text +=
            fmt::format("{}from {} to {}", text.empty() ? "" : ", and ", to_rfc3339(from), to_rfc3339(to));
    return text;
}

Result<RecoveryWindow> window_for(std::vector<RecoveryWindow> windows, std::optional<Time> at,
                                  std::string_view place) {
    if (windows.empty())
        return Error(
            ErrorCode::not_found,
            fmt::format("No second can be recovered from {}: that takes a physical backup and the "
                        "write-ahead log since. \"brainbytes backup list\" shows the backups that can "
                        "be restored.",
                        place));
    RecoveryWindow* best = nullptr;
    for (auto& window : windows) {
        if (at && (*at < window.from || *at > window.to)) continue;
        const bool better =
            !best || (at ? window.from >= best->from
                         : std::pair(window.to, window.from) >= std::pair(best->to, best->from));
        if (better) best = &window;
    }
    if (best) return std::move(*best);
    return Error(ErrorCode::not_found,
                 fmt::format("{} cannot be recovered from {}. What can be: any second {}; the newest is --at "
                             "latest.",
                             to_rfc3339(*at), place, spans_of(windows)));
}

void note_quiet(const Destination& place, std::string_view system, std::uint32_t timeline, Lsn end, Time at) {
    place.store().put(quiet_object(system), quiet_text(timeline, end) + to_rfc3339(at));
}

std::size_t prune_wal(const Destination& place, const std::vector<StoredBackup>& kept, bool dry_run) {
    // Of each server's timeline, where the log of its oldest backup begins.
    std::map<std::pair<std::string, std::uint32_t>, Lsn> needed;
    for (const auto& backup : kept) {
        const auto manifest = told_by(backup);
        if (!manifest) return 0;  // whatever it may be of, its log stays
        if (!manifest->wal) continue;
        const auto& wal = *manifest->wal;
        const auto begin = segment_of(wal.from, wal.segment_size);
        const auto [found, made] = needed.try_emplace({wal.system, wal.timeline}, begin);
        if (!made) found->second = std::min(found->second, begin);
    }
    std::size_t gone = 0;
    for (const auto& piece : list_wal(place)) {
        const auto begin = needed.find({piece.system, piece.timeline});
        if (begin != needed.end() && piece.to > begin->second) continue;
        if (!dry_run) remove_wal(place, piece);
        ++gone;
    }
    return gone;
}

}  // namespace bb::safety
