#include "app/backup_schedule.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <utility>

#include "app/installation.hpp"
#include "base/core/crypto.hpp"
#include "base/core/log.hpp"
#include "operations/safety/base_backup.hpp"
#include "operations/safety/drill_history.hpp"
#include "operations/safety/erasures.hpp"
#include "operations/safety/hold_drill.hpp"
#include "operations/safety/prune.hpp"
#include "operations/safety/recovery_window.hpp"
#include "operations/safety/runs.hpp"
#include "operations/safety/wal_slot.hpp"

namespace bb::app {
namespace {

constexpr std::chrono::hours after_failed_drill{24};
constexpr std::chrono::minutes after_failed_note{10};
constexpr std::chrono::minutes followed_for{10};
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

double seconds_since(Time time) {
    return std::max(0.0, std::chrono::duration<double>(now() - time).count());
}

std::uint32_t random_number() {
    std::uint32_t number = 0;
    crypto::random_fill(&number, sizeof number);
    return number;
}

}  // namespace

BackupSchedule::BackupSchedule(const config::Config& config, safety::Installation installation,
                               std::optional<safety::BackupKeys> configured, metrics::Registry& metrics,
                               safety::Pace pace, std::chrono::milliseconds look_every)
    : config_(config),
      installation_(std::move(installation)),
      places_(destinations_of(config)),
      configured_(std::move(configured)),
      newest_(places_, installation_.managed),
      age_(metrics.gauge(
          "brainbytes_backup_age_seconds",
          "Time since the newest backup of any method that can be restored; NaN: there is none")),
      drill_age_(
          metrics.gauge("brainbytes_drill_age_seconds", "Time since the last drill; NaN: there was none")),
      drill_rto_(metrics.gauge("brainbytes_drill_rto_seconds",
                               "How long recovering took in the last drill; NaN: it failed to")),
      drill_rpo_(metrics.gauge("brainbytes_drill_rpo_seconds",
                               "How much work the last drill would have lost; NaN: it brought no data back")),
      drill_good_(
          metrics.gauge("brainbytes_drill_good", "1: the last drill brought everything back in time")),
      pace_(pace),
      look_every_(look_every),
      node_(random_number()) {
    for (auto* gauge : {&age_, &drill_age_, &drill_rto_, &drill_rpo_, &drill_good_}) gauge->set(unknown);
    installation_.watch = [this]() {
        const std::lock_guard guard(mutex_);
        if (over_) throw safety::GivenUp("the server stops");
    };
    installation_.progress = [this](std::string_view, std::uint64_t, std::uint64_t) {
        installation_.watch();
    };
    for (auto& place : places_) place.store().watch_with(installation_.watch);
    noted_.resize(places_.size());
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

bool BackupSchedule::wait_for_next_look() {
    std::unique_lock guard(mutex_);
    return !woken_.wait_for(guard, look_every_, [this]() { return over_; });
}

void BackupSchedule::run() {
    while (wait_for_next_look()) {
        try {
            look();
        } catch (const safety::GivenUp&) {
            return;
        } catch (const std::exception& failure) {
            log::error("backups are not looked after", {{"reason", failure.what()}});
        }
    }
}

void BackupSchedule::look() {
    db::Session session(installation_.conninfo);
    session.while_waiting(installation_.watch);
    look_at_backups(session);
    look_at_physical(session);
    look_at_drills(session);
}

void BackupSchedule::look_at_backups(db::Session& session) {
    const auto last = safety::last_runs(session);
    const auto newest = newest_.began(session);
    age_.set(newest ? seconds_since(*newest) : unknown);
    if (last.good || last.physical) note_erasures(safety::erased_in(session));
    const std::chrono::hours every(config_.number("BACKUP_EVERY_HOURS"));
    if (every.count() == 0 || now() < safety::next_run(last, started_, every, node_, pace_)) return;
    if (!safety::take_turn(session)) return;
    // Another node may have been quicker between the two looks.
    if (now() >= safety::next_run(safety::last_runs(session), started_, every, node_, pace_))
        make(safety::Method::logical);
    safety::release_turn(session);
}

/// Looked at now and then: it reads the lists of all places. A place that is away tells nothing.
bool BackupSchedule::is_followed() {
    if (config_.number("BACKUP_WAL_DAYS") == 0) return true;
    if (now() < followed_until_) return true;
    for (const auto& place : places_) {
        try {
            if (!safety::is_followed(installation_, place)) return false;
        } catch (const safety::GivenUp&) {
            throw;
        } catch (const db::Unavailable&) {
            throw;
        } catch (const std::exception& fault) {
            log::warn("nothing is known of a place of backups",
                      {{"place", place.name()}, {"reason", fault.what()}});
        }
    }
    followed_until_ = now() + followed_for;
    return true;
}

void BackupSchedule::look_at_physical(db::Session& session) {
    if (installation_.managed && !std::exchange(tidied_, true)) tidy_slots();
    const std::chrono::hours every(24 * config_.number("BACKUP_PHYSICAL_EVERY_DAYS"));
    if (every.count() == 0) return;
    if (const auto why_not = safety::why_not_physical(installation_)) {
        if (!std::exchange(told_why_no_log_, true))
            log::info("no second can be recovered", {{"reason", *why_not}});
        return;
    }
    const auto is_due = [&]() {
        const auto last = safety::last_runs(session);
        const auto next = [&](bool followed) {
            return safety::next_physical(last, followed, started_, every, node_, pace_);
        };
        return now() >= next(true) || (now() >= next(false) && !is_followed());
    };
    if (!is_due() || !safety::take_turn(session)) return;
    if (is_due()) make(safety::Method::physical);
    safety::release_turn(session);
}

/// BACKUP_TO may have named other places before, or no log is wanted any more.
void BackupSchedule::tidy_slots() {
    db::Session session(installation_.wal_conninfo);
    session.while_waiting(installation_.watch);
    safety::drop_unused_slots(session, config_.number("BACKUP_WAL_DAYS") > 0 ? places_ : decltype(places_)());
}

/// Also while no backup is due: who is erased now must not come back with an older one.
void BackupSchedule::note_erasures(const safety::Erased& erased) {
    for (std::size_t i = 0; i < places_.size(); ++i) {
        auto& noted = noted_[i];
        if (noted.erased == erased || now() < noted.not_before) continue;
        try {
            safety::note_erased(places_[i], erased);
            noted.erased = erased;
        } catch (const safety::GivenUp&) {
            throw;
        } catch (const std::exception& fault) {
            noted.not_before = now() + after_failed_note;
            log::error("erasures are not noted beside the backups",
                       {{"place", places_[i].name()}, {"reason", fault.what()}});
        }
    }
}

void BackupSchedule::look_at_drills(db::Session& session) {
    const auto past = safety::past_drills(session, 1);
    if (!past.empty()) {
        drill_age_.set(seconds_since(past[0].started_at));
        drill_rto_.set(past[0].rto_seconds.value_or(unknown));
        drill_rpo_.set(past[0].rpo_seconds.value_or(unknown));
        drill_good_.set(past[0].good ? 1 : 0);
    }
    const std::chrono::hours every(24 * config_.number("DRILL_EVERY_DAYS"));
    const auto last = past.empty() ? std::nullopt : std::optional(past[0].started_at);
    if (every.count() == 0 || now() < no_drill_before_ ||
        now() < safety::next_drill(last, started_, every, node_, pace_))
        return;
    if (!safety::take_turn(session)) return;
    practise();
    safety::release_turn(session);
}

void BackupSchedule::practise() {
    const auto backup = places_.front().find("latest");
    const auto keys = known_keys();
    if (!backup || keys.identities.empty()) {
        if (!std::exchange(told_why_not_, true))
            log::warn("no recovery is practised",
                      {{"reason", backup ? "the private backup key is not here" : "there is no backup"}});
        return;
    }
    // One that cannot even be held is not tried again each minute.
    no_drill_before_ = now() + after_failed_drill;
    const auto result =
        safety::hold_drill(installation_, *safety::find_scenario("lost-host"), places_.front(), *backup, keys,
                           config_.number("BACKUP_WAL_DAYS") > 0);
    for (const auto& check : result.checks)
        if (!check.good) log::error("a drill failed", {{"check", check.name}, {"reason", check.detail}});
    log::info("recovery practised", {{"good", result.good()},
                                     {"rtoSeconds", result.rto_seconds.value_or(unknown)},
                                     {"rpoSeconds", result.rpo_seconds.value_or(unknown)}});
}

/// The keys that are here; none before the first backup.
safety::BackupKeys BackupSchedule::known_keys() const {
    if (configured_) return *configured_;
    const auto file = installation_.data / kept_key_name;
    return std::filesystem::exists(file) ? safety::read_backup_keys(file) : safety::BackupKeys{};
}

void BackupSchedule::make(safety::Method method) {
    const auto keys =
        keys_to_seal_with(configured_, installation_.data, [](std::string_view words) { log::warn(words); });
    try {
        const bool with_log = method == safety::Method::physical && config_.number("BACKUP_WAL_DAYS") > 0;
        const auto manifest =
            safety::back_up(installation_, places_, keys.recipients, "scheduled", method, with_log);
        log::info("backup made", {{"backup", manifest.id},
                                  {"method", manifest.method},
                                  {"bytes", static_cast<std::int64_t>(manifest.stored_bytes())},
                                  {"seconds", manifest.seconds}});
        if (!manifest.missing_files.empty())
            log::error("uploaded files are missing", {{"files", manifest.missing_files.size()}});
    } catch (const safety::GivenUp&) {
        throw;
    } catch (const std::exception& failure) {
        log::error("no backup was made", {{"reason", failure.what()}});
    }
    // Also after a failure: a place that is away must not fill up another, which takes one at each attempt.
    prune();
}

void BackupSchedule::prune() {
    const auto days = static_cast<int>(config_.number("BACKUP_WAL_DAYS"));
    for (const auto& place : places_) {
        try {
            int removed = 0;
            for (const auto& verdict : safety::prune(place, now(), days, false)) removed += !verdict.kept;
            if (removed > 0) log::info("old backups removed", {{"backups", removed}});
        } catch (const safety::GivenUp&) {
            throw;
        } catch (const std::exception& fault) {
            log::error("old backups are not removed", {{"place", place.name()}, {"reason", fault.what()}});
        }
    }
}

}  // namespace bb::app
