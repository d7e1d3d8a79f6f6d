#pragma once
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/config/config.hpp"
#include "base/core/metrics.hpp"
#include "operations/safety/backup_key.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/installation.hpp"

namespace bb::app {

/// Copies the database's write-ahead log to where the backups are kept while a server runs, from the first
/// physical backup on. A thread for each place, so that one that is away holds up no other; of several nodes
/// one reads at a time, because the database lets a slot be read once.
class WalRunner {
public:
    /// `configured`: the keys of BACKUP_KEY_FILE. The references must outlive it.
    WalRunner(const config::Config& config, safety::Installation installation,
              std::optional<safety::BackupKeys> configured, metrics::Registry& metrics);
    /// Puts away what was written until now, for some seconds at most.
    ~WalRunner();
    WalRunner(const WalRunner&) = delete;

private:
    struct Lane;
    void run(Lane& lane);
    void follow(Lane& lane);
    bool is_over();
    bool pause(std::chrono::milliseconds time);

    safety::Installation installation_;
    std::optional<safety::BackupKeys> configured_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::mutex mutex_;
    std::condition_variable woken_;
    std::optional<std::chrono::steady_clock::time_point> over_;  // since when
};

}  // namespace bb::app
