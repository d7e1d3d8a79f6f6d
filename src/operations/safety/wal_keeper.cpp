#include "operations/safety/wal_keeper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <filesystem>

#include "operations/safety/recovery_window.hpp"
#include "operations/safety/wal_slot.hpp"
#include "operations/safety/wal_store.hpp"

namespace bb::safety {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds tick{1000};
constexpr milliseconds longest_catch_up{300}, longest_last_words{3000};
constexpr milliseconds look_for_stop{100};
// A segment is put together from its pieces when it is full, and each time it has so many of them.
constexpr std::size_t most_pieces = 30;
constexpr std::chrono::seconds quiet_noted_every{10};
constexpr std::size_t most_samples = 600;
// It is held in memory, and stored as one object.
constexpr Lsn largest_segment = 16 << 20;
// The log takes no more of a place's disk than leaves this: of the disk that PostgreSQL itself writes to,
// much.
constexpr std::uint64_t left_free = 8u << 20, left_free_beside_data = 512u << 20;
// So much of the log is not kept for a place that does not take it when the disk is nearly full.
constexpr std::uint64_t least_free = 256u << 20, kept_at_least = 48u << 20;

[[noreturn]] void lose(db::Session& session, const Destination& to, const std::string& why) {
    drop_slot(session, to);
    throw LogLost(fmt::format(
        "{} The write-ahead log in {} has a gap from here on: no second before the next physical backup can "
        "be recovered there. A server makes one within the hour (\"brainbytes backup create --method "
        "physical\": now).",
        why, to.name()));
}

/// The slot, unless there is none or it is of no use any more.
std::optional<WalSlot> usable_slot(db::Session& session, const WalKeeper& keeper) {
    const auto slot = find_slot(session, keeper.to);
    if (!slot) return slot;
    if (!slot->kept)
        lose(session, keeper.to,
             fmt::format("The place took nothing for so long that PostgreSQL had more than {} MB for it, and "
                         "let go.",
                         slot->most_kept >> 20));
    if (slot->segment_size > largest_segment)
        throw std::runtime_error("The database's WAL segments are larger than 16 MB. Set BACKUP_WAL_DAYS=0.");
    std::error_code unknown;
    const auto free = std::filesystem::space(keeper.of.data, unknown).available;
    if (keeper.of.managed && !unknown && free < least_free && slot->behind() > kept_at_least)
        lose(session, keeper.to,
             fmt::format("The disk of {} is nearly full ({} MB are free), and PostgreSQL kept {} MB for the "
                         "place.",
                         keeper.of.data.string(), free >> 20, slot->behind() >> 20));
    return slot;
}

/// One connection's worth of following.
class Following {
public:
    Following(const WalKeeper& keeper, db::Session& session, const WalSlot& slot)
        : keeper_(keeper),
          session_(session),
          stream_(keeper.of.wal_conninfo),
          segment_size_(slot.segment_size),
          begin_(segment_of(*slot.kept, slot.segment_size)),
          put_(begin_),
          confirmed_(*slot.kept) {
        for (auto& piece : list_wal(keeper.to, stream_.system()))
            if (piece.timeline == stream_.timeline() && piece.from >= begin_)
                pieces_.push_back(std::move(piece));
        stream_.start(slot.name, begin_);
    }

    WalKeeper::Ended run() {
        for (auto next = steady_clock::now(); !keeper_.stopping();) {
            take(look_for_stop);
            if (steady_clock::now() < next) continue;
            next = steady_clock::now() + tick;
            if (!put_away(longest_catch_up)) return WalKeeper::Ended::without_slot;
        }
        // Who stops this server and brings back the moment before finds that moment in the place.
        if (put_away(longest_last_words)) note_quiet_place(std::chrono::seconds(0));
        return WalKeeper::Ended::stopped;
    }

private:
    Lsn received() const { return begin_ + bytes_.size(); }

    /// Puts what the server has on its disk at this moment into the place, as far as it comes within `limit`.
    /// False: the place has no slot any more.
    bool put_away(milliseconds limit) {
        const auto slot = usable_slot(session_, keeper_);
        if (!slot) return false;
        if (samples_.size() == most_samples) samples_.pop_front();
        samples_.push_back(*slot);
        for (const auto deadline = steady_clock::now() + limit;
             received() < slot->written && steady_clock::now() < deadline;)
            take(look_for_stop);
        if (received() > put_) put(pieces_.size() < most_pieces ? put_ : begin_);
        confirm();
        note_quiet_place(quiet_noted_every);
        if (keeper_.tell) keeper_.tell(WalProgress{safe_until_, put_, slot->written});
        return true;
    }

    void take(milliseconds limit) {
        const auto got = stream_.receive(limit);
        if (!got) return;
        auto bytes = got->bytes;
        if (got->at != received()) throw db::Unavailable("The server's log came with a gap.");
        while (!bytes.empty()) {
            const auto part = bytes.substr(0, begin_ + segment_size_ - received());
            bytes_ += part;
            bytes.remove_prefix(part.size());
            if (received() == begin_ + segment_size_) finish_segment();
        }
    }

    void finish_segment() {
        put(begin_);
        begin_ += segment_size_;
        bytes_.clear();
        pieces_.clear();
        confirm();
    }

    void check_room() const {
        const auto free = keeper_.to.store().free_bytes();
        const auto least = keeper_.beside_data ? left_free_beside_data : left_free;
        if (!free || *free >= least + bytes_.size()) return;
        throw std::runtime_error(
            fmt::format("{} has only {} MB left. PostgreSQL keeps the log until there is room again, as long "
                        "as its own bounds let it. Remove something, or choose another place (BACKUP_TO).",
                        keeper_.to.name(), *free >> 20));
    }

    /// Puts everything from `from` on that was received, in place of the pieces that it covers.
    void put(Lsn from) {
        check_room();
        const WalPiece piece{stream_.system(), stream_.timeline(), from, received(), safe_at(received())};
        put_wal(keeper_.to, piece, std::string_view(bytes_).substr(from - begin_), keeper_.recipients);
        put_ = piece.to;
        safe_until_ = noted_until_ = piece.at;
        std::erase_if(pieces_, [&](const WalPiece& one) {
            const bool covered = one.from >= piece.from && one.to <= piece.to && one.name() != piece.name();
            if (covered) remove_wal(keeper_.to, one);
            return covered;
        });
        pieces_.push_back(piece);
    }

    /// The newest moment whose log ends before `position`.
    Time safe_at(Lsn position) {
        auto newest = safe_until_;
        while (!samples_.empty() && samples_.front().written <= position) {
            newest = std::max(newest, samples_.front().now);
            samples_.pop_front();
        }
        return newest;
    }

    /// When nothing is written, the place does not know how late it is.
    void note_quiet_place(std::chrono::seconds every) {
        if (received() > put_ || safe_until_ < noted_until_ + every) return;
        note_quiet(keeper_.to, stream_.system(), stream_.timeline(), put_, safe_until_);
        noted_until_ = safe_until_;
    }

    void confirm() {
        safe_until_ = safe_at(put_);
        confirmed_ = std::max(confirmed_, put_);
        stream_.confirm(confirmed_);
    }

    const WalKeeper& keeper_;
    db::Session& session_;
    db::WalStream stream_;
    const Lsn segment_size_;
    Lsn begin_;          // of the segment that is being received
    std::string bytes_;  // of it
    Lsn put_;            // end of what the place has
    Lsn confirmed_;
    std::vector<WalPiece> pieces_;  // of the segment, in the place
    std::deque<WalSlot> samples_;   // when the server's log ended where, the oldest first
    Time safe_until_{}, noted_until_{};
};

}  // namespace

WalKeeper::Ended WalKeeper::follow() const {
    db::Session session(of.wal_conninfo);
    session.while_waiting(of.watch);
    const auto slot = usable_slot(session, *this);
    if (!slot) return Ended::without_slot;
    // Of several servers one reads.
    if (slot->in_use) return Ended::read_by_another;
    to.prepare();
    return Following(*this, session, *slot).run();
}

}  // namespace bb::safety
