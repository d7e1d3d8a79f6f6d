#pragma once
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/config/config.hpp"
#include "base/core/metrics.hpp"
#include "operations/safety/backup_key.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/installation.hpp"

namespace bb::app {

/// Makes backups by itself while a server runs, prunes them, and notes who was erased beside them. Of several
/// nodes one at a time does. A thread of its own: none of it may hold up requests.
class BackupSchedule {
public:
    /// `configured`: the keys of BACKUP_KEY_FILE. The references must outlive it.
    BackupSchedule(const config::Config& config, std::string conninfo,
                   std::optional<safety::BackupKeys> configured, metrics::Registry& metrics);
    /// Gives up a backup that is being made.
    ~BackupSchedule();
    BackupSchedule(const BackupSchedule&) = delete;

private:
    void run();
    void look();
    void make();
    bool wait(std::chrono::seconds time);

    const config::Config& config_;
    safety::Installation installation_;
    std::vector<safety::Destination> places_;
    std::optional<safety::BackupKeys> configured_;
    metrics::Gauge age_;
    const Time started_ = now();
    const std::uint32_t node_;

    std::mutex mutex_;
    std::condition_variable woken_;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace bb::app
