#include "app/wal_runner.hpp"

#include <atomic>
#include <limits>
#include <utility>

#include "app/installation.hpp"
#include "base/core/log.hpp"
#include "operations/safety/wal_keeper.hpp"

namespace bb::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds look_for_slot{2};
constexpr seconds first_pause{1}, longest_pause{30};
constexpr seconds longest_end{5};
constexpr std::chrono::minutes say_again{10};
// Our own connection, broken, may hold the slot for so long.
constexpr seconds own_reader_lasts{60};
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

}  // namespace

/// One place. What the metrics read outlives the runner with them.
struct WalRunner::Lane {
    struct State {
        std::atomic<std::int64_t> safe_until{0};  // microseconds since 1970; 0: nothing is known
        std::atomic<std::int64_t> behind{0};      // bytes
    };

    Lane(safety::Destination place, bool on_disk_of_data)
        : to(std::move(place)), beside_data(on_disk_of_data) {}

    void publish(metrics::Registry& registry) const {
        const metrics::Labels labels{{"place", to.name()}};
        registry.gauge_from(
            "brainbytes_wal_lag_seconds",
            "How old what a place has of the write-ahead log is: what would be lost now; NaN: this server "
            "has copied none there, or another one does now",
            [state = state]() {
                const auto until = state->safe_until.load();
                if (until == 0) return unknown;
                return static_cast<double>(now().time_since_epoch().count() - until) / 1e6;
            },
            labels);
        registry.gauge_from(
            "brainbytes_wal_behind_bytes", "What a place lacks of the write-ahead log",
            [state = state]() { return static_cast<double>(state->behind.load()); }, labels);
    }

    void note(const safety::WalProgress& progress) {
        // Who begins to read knows no moment before the place has caught up: what was true stays so.
        if (progress.safe_until > Time()) state->safe_until = progress.safe_until.time_since_epoch().count();
        state->behind = static_cast<std::int64_t>(
            progress.written > progress.kept ? progress.written - progress.kept : 0);
        failing_since.reset();
        pause = first_pause;
    }

    safety::Destination to;
    const bool beside_data;
    std::shared_ptr<State> state = std::make_shared<State>();
    std::optional<steady_clock::time_point> failing_since, read_elsewhere_since;
    steady_clock::time_point said{};
    seconds pause = first_pause;
    std::thread thread;
};

WalRunner::WalRunner(const config::Config& config, safety::Installation installation,
                     std::optional<safety::BackupKeys> configured, metrics::Registry& metrics)
    : installation_(std::move(installation)), configured_(std::move(configured)) {
    installation_.watch = [this]() {
        const std::lock_guard guard(mutex_);
        if (over_ && steady_clock::now() > *over_ + longest_end) throw safety::GivenUp("the server stops");
    };
    if (config.number("BACKUP_WAL_DAYS") == 0) return;
    for (auto& place : destinations_of(config)) {
        place.store().watch_with(installation_.watch);
        const bool beside = is_beside_data(config, place);
        lanes_.push_back(std::make_unique<Lane>(std::move(place), beside));
        lanes_.back()->publish(metrics);
    }
    for (auto& lane : lanes_) lane->thread = std::thread([this, &lane = *lane]() { run(lane); });
}

WalRunner::~WalRunner() {
    {
        const std::lock_guard guard(mutex_);
        over_ = steady_clock::now();
    }
    woken_.notify_all();
    for (auto& lane : lanes_) lane->thread.join();
}

bool WalRunner::is_over() {
    const std::lock_guard guard(mutex_);
    return over_.has_value();
}

bool WalRunner::pause(milliseconds time) {
    std::unique_lock guard(mutex_);
    return !woken_.wait_for(guard, time, [this]() { return over_.has_value(); });
}

void WalRunner::follow(Lane& lane) {
    const auto kept_key = installation_.data / kept_key_name;
    // Without a key there is no backup yet, and no log that belongs to one.
    if (!configured_ && !std::filesystem::exists(kept_key)) return;
    const auto keys = configured_ ? *configured_ : safety::read_backup_keys(kept_key);
    const safety::WalKeeper keeper{installation_,
                                   lane.to,
                                   keys.recipients,
                                   [this]() { return is_over(); },
                                   lane.beside_data,
                                   [&lane](const safety::WalProgress& progress) {
                                       lane.note(progress);
                                   }};
    const auto before = std::exchange(lane.read_elsewhere_since, std::nullopt);
    // While nobody reads, the age goes on growing: that is the alarm.
    if (keeper.follow() != safety::WalKeeper::Ended::read_by_another) return;
    lane.read_elsewhere_since = before.value_or(steady_clock::now());
    if (steady_clock::now() > *lane.read_elsewhere_since + own_reader_lasts) lane.state->safe_until = 0;
}

void WalRunner::run(Lane& lane) {
    for (milliseconds next = milliseconds(0); pause(next);) {
        try {
            follow(lane);
            next = look_for_slot;
        } catch (const safety::GivenUp&) {
            return;
        } catch (const safety::LogLost& lost) {
            log::error("the write-ahead log has a gap", {{"place", lane.to.name()}, {"reason", lost.what()}});
            next = look_for_slot;
        } catch (const std::exception& failure) {
            next = lane.pause;
            lane.pause = std::min(2 * lane.pause, longest_pause);
            // What a failing place has to say is said when it begins, and now and then.
            if (lane.failing_since && steady_clock::now() < lane.said + say_again) continue;
            if (!lane.failing_since) lane.failing_since = steady_clock::now();
            lane.said = steady_clock::now();
            log::warn("the write-ahead log is not kept",
                      {{"place", lane.to.name()}, {"reason", failure.what()}});
        }
    }
}

}  // namespace bb::app
