#include "app/backup_schedule.hpp"

#include <chrono>
#include <limits>
#include <stdexcept>

#include "app/installation.hpp"
#include "base/core/crypto.hpp"
#include "base/core/log.hpp"
#include "operations/safety/erasures.hpp"
#include "operations/safety/prune.hpp"
#include "operations/safety/runs.hpp"

namespace bb::app {
namespace {

constexpr std::chrono::seconds look_every{60};
// One node makes backups: the lock is the database's, and goes with the connection.
constexpr const char* lock_sql = "SELECT pg_try_advisory_lock(7304, 0)";

std::uint32_t random_number() {
    std::uint32_t number = 0;
    crypto::random_fill(&number, sizeof number);
    return number;
}

/// Thrown into a backup that is being made when the server stops.
class Stopped : public std::runtime_error {
public:
    Stopped() : std::runtime_error("the server stops") {}
};

}  // namespace

BackupSchedule::BackupSchedule(const config::Config& config, std::string conninfo,
                               std::optional<safety::BackupKeys> configured, metrics::Registry& metrics)
    : config_(config),
      installation_(installation_of(config, std::move(conninfo))),
      places_(destinations_of(config)),
      configured_(std::move(configured)),
      age_(metrics.gauge("brainbytes_backup_age_seconds", "Time since the newest backup; NaN: there is none",
                         {})),
      node_(random_number()) {
    age_.set(std::numeric_limits<double>::quiet_NaN());
    installation_.progress = [this](std::string_view, std::uint64_t, std::uint64_t) {
        const std::lock_guard guard(mutex_);
        if (over_) throw Stopped();
    };
    thread_ = std::thread([this]() { run(); });
}

BackupSchedule::~BackupSchedule() {
    {
        const std::lock_guard guard(mutex_);
        over_ = true;
    }
    woken_.notify_all();
    thread_.join();
}

bool BackupSchedule::wait(std::chrono::seconds time) {
    std::unique_lock guard(mutex_);
    return !woken_.wait_for(guard, time, [this]() { return over_; });
}

void BackupSchedule::run() {
    while (wait(look_every)) {
        try {
            look();
        } catch (const Stopped&) {
            return;
        } catch (const std::exception& failure) {
            log::error("no backup was made", {{"reason", failure.what()}});
        }
    }
}

void BackupSchedule::look() {
    db::Session session(installation_.conninfo);
    const auto last = safety::last_runs(session);
    if (last.good) age_.set(std::chrono::duration<double>(now() - last.good->started_at).count());
    if (last.good)
        for (const auto& place : places_) safety::note_erased(place, safety::erased_in(session));
    const std::chrono::hours every(config_.number("BACKUP_EVERY_HOURS"));
    if (every.count() == 0 || now() < safety::next_run(last, started_, every, node_)) return;
    if (!session.query(lock_sql)[0].get<bool>(0)) return;
    // Another node may have been quicker between the two looks.
    if (now() < safety::next_run(safety::last_runs(session), started_, every, node_)) return;
    make();
}

void BackupSchedule::make() {
    const auto keys =
        keys_to_seal_with(configured_, installation_.data, [](std::string_view words) { log::warn(words); });
    const auto manifest = safety::back_up(installation_, places_, keys.recipients, "scheduled");
    log::info("backup made", {{"backup", manifest.id},
                              {"bytes", static_cast<std::int64_t>(manifest.stored_bytes())},
                              {"seconds", manifest.seconds}});
    if (!manifest.missing_files.empty())
        log::error("uploaded files are missing", {{"files", manifest.missing_files.size()}});
    for (const auto& place : places_) {
        int removed = 0;
        for (const auto& verdict : safety::prune(place, now(), {}, false)) removed += !verdict.kept;
        if (removed > 0) log::info("old backups removed", {{"backups", removed}});
    }
}

}  // namespace bb::app
