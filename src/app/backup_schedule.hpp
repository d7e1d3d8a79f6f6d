#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/config/config.hpp"
#include "base/core/metrics.hpp"
#include "base/db/session.hpp"
#include "operations/safety/backup_key.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/erasures.hpp"
#include "operations/safety/installation.hpp"
#include "operations/safety/newest_whole.hpp"
#include "operations/safety/runs.hpp"

namespace bb::app {

/// Makes backups by itself while a server runs, prunes them, notes who was erased beside them, and practises
/// the recovery from time to time. Of several nodes one at a time does. A thread of its own: none of it may
/// hold up requests.
class BackupSchedule {
public:
    /// `configured`: the keys of BACKUP_KEY_FILE. The references must outlive it.
    BackupSchedule(const config::Config& config, safety::Installation installation,
                   std::optional<safety::BackupKeys> configured, metrics::Registry& metrics,
                   safety::Pace pace = {}, std::chrono::milliseconds look_every = std::chrono::minutes(1));
    /// Gives up a backup that is being made.
    ~BackupSchedule();
    BackupSchedule(const BackupSchedule&) = delete;

private:
    void run();
    void look();
    void look_at_backups(db::Session& session);
    void note_erasures(const safety::Erased& erased);
    void look_at_physical(db::Session& session);
    bool is_followed();
    void tidy_slots();
    void make(safety::Method method);
    void prune();
    void look_at_drills(db::Session& session);
    void practise();
    safety::BackupKeys known_keys() const;
    bool wait_for_next_look();

    const config::Config& config_;
    safety::Installation installation_;
    std::vector<safety::Destination> places_;
    std::optional<safety::BackupKeys> configured_;
    safety::NewestWhole newest_;
    metrics::Gauge age_, drill_age_, drill_rto_, drill_rpo_, drill_good_;
    const safety::Pace pace_;
    const std::chrono::milliseconds look_every_;
    bool told_why_not_ = false, told_why_no_log_ = false, tidied_ = false;
    Time followed_until_{};  // the log was seen to be without a gap, which is believed until then
    Time no_drill_before_{};
    /// What was noted beside the backups of each place, and when one that failed is tried again.
    struct Noted {
        std::optional<safety::Erased> erased;
        Time not_before{};
    };
    std::vector<Noted> noted_;
    const Time started_ = now();
    const std::uint32_t node_;

    std::mutex mutex_;
    std::condition_variable woken_;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace bb::app
