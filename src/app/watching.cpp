#include "app/watching.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "app/watch_settings.hpp"
#include "base/core/log.hpp"
#include "base/net/timer.hpp"
#include "operations/watch/look.hpp"
#include "operations/watch/upkeep.hpp"

namespace bb::app {
namespace {

using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr seconds round{5};
constexpr int rounds_to_look = 3;  // a look every 15 seconds
constexpr seconds dark_after{60};  // without a database

std::string host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
    return name.data();
}

}  // namespace

struct Watching::Impl {
    Impl(Node& shared, db::Database& database, client::HttpClient& http, mail::Sender& mail)
        : node(shared),
          db(database),
          history(database, host_name()),
          courier(http, mail, around),
          serving(shared.metrics.gauge("brainbytes_serving", "1: this node serves; 0: it was told to end")),
          urgent(shared.metrics.gauge("brainbytes_urgent_incidents",
                                      "P0 incidents that began after this server did, and are not over")),
          overdue(shared.metrics.gauge("brainbytes_maintenance_overdue",
                                       "Tasks of regular maintenance that are overdue by more than a day")) {
        for (std::size_t i = 0; i < open_incidents.size(); ++i)
            open_incidents[i].emplace(shared.metrics.gauge("brainbytes_incidents_open",
                                                           "Incidents that are not resolved, by severity",
                                                           {{"severity", fmt::format("P{}", i)}}));
        serving.set(1);
        urgent.set(0);
    }

    /// What was counted since the last time; gauges once a minute.
    Task<void> write_down() {
        writing = true;
        try {
            co_await write_increases();
        } catch (...) {
            writing = false;
            throw;
        }
        writing = false;
    }

    Task<void> write_increases() {
        const auto snapshot = node.metrics.snapshot();
        const auto minute = std::chrono::floor<std::chrono::minutes>(now());
        const auto points = increments.since_accepted(snapshot, minute != last_minute);
        co_await history.add(points, now());
        increments.accept(snapshot);
        last_minute = minute;
    }

    Task<void> count_incidents() {
        const auto open = co_await watch::count_open(db, started);
        urgent.set(open.urgent_since);
        for (std::size_t i = 0; i < open.by_severity.size(); ++i) open_incidents[i]->set(open.by_severity[i]);
    }

    Task<void> see_status() {
        auto work = [](db::Transaction& tx) -> Task<watch::Status> {
            co_return co_await watch::status_of(tx, now());
        };
        node.status = std::make_shared<const watch::Status>(co_await db.transaction(work));
    }

    Task<void> look() {
        co_await write_down();
        co_await refresh(around, node, db);
        const bool mine = co_await watch::look_around(db, around, now());
        co_await see_status();
        overdue.set(co_await watch::count_overdue(db, now()));
        if (mine) looked = true;
    }

    /// A channel that hangs holds up other messages for seconds, and never a look.
    Task<void> carry() {
        co_await watch::deliver_due(
            db, [this](const watch::Message& message) { return courier.deliver(message); }, now());
        if (!looked || Clock::now() < next_ping) co_return;
        looked = false;
        next_ping = Clock::now() + seconds(60);
        const auto pinged = co_await courier.ping_dead_man();
        if (!pinged.fault.empty()) log::warn("the outside check was not reached", {{"reason", pinged.fault}});
    }

    Task<void> carry_once() {
        try {
            co_await carry();
        } catch (const db::Unavailable&) {
            // The look says so.
        } catch (const std::exception& fault) {
            log::warn("messages about incidents wait", {{"reason", fault.what()}});
        }
    }

    /// The database is away, and with it everything that could say so. Once in a darkness.
    Task<void> cry_in_the_dark() {
        if (!dark_since) dark_since = now();
        if (cried || now() - *dark_since < dark_after) co_return;
        cried = true;
        log::error("the database is away: those on duty are told",
                   {{"seconds", static_cast<std::int64_t>(dark_after.count())}});
        for (auto& message : watch::messages_without_database(around, *dark_since, now())) {
            const auto outcome = co_await courier.deliver(std::move(message));
            if (!outcome.fault.empty())
                log::warn("a message about an incident did not arrive", {{"reason", outcome.fault}});
        }
    }

    Task<void> leave_the_dark() {
        if (cried) co_await watch::note_darkness(db, around, *dark_since, now());
        dark_since.reset();
        cried = false;
    }

    Task<void> one_round(int number) {
        try {
            if (number % rounds_to_look == 0) co_await look();
            co_await count_incidents();
            co_await leave_the_dark();
            co_return;
        } catch (const db::Unavailable&) {
            // Told below, when it lasts.
        } catch (const std::exception& fault) {
            log::warn("nobody looked at the alarms this time", {{"reason", fault.what()}});
            co_return;
        }
        if (!node.draining) co_await cry_in_the_dark();
    }

    Node& node;
    db::Database& db;
    watch::Surroundings around;
    watch::Increments increments;
    watch::History history;
    watch::Courier courier;
    metrics::Gauge serving, urgent, overdue;
    const Time started = now();
    std::array<std::optional<metrics::Gauge>, 4> open_incidents;
    Time last_minute{};
    Clock::time_point next_ping{};
    std::optional<Time> dark_since;
    bool cried = false;
    bool looked = false;  // since the outside check was asked
    bool writing = false;
};

Watching::Watching(Node& node, db::Database& db, client::HttpClient& http, mail::Sender& mail)
    : impl_(std::make_unique<Impl>(node, db, http, mail)) {}

Watching::~Watching() = default;

Task<void> Watching::run() {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    for (int number = 0; state.cancelled() == boost::asio::cancellation_type::none; ++number) {
        co_await net::sleep_for(round);
        if (!impl_->node.draining) co_await impl_->one_round(number);
    }
}

Task<void> Watching::carry_messages() {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    while (state.cancelled() == boost::asio::cancellation_type::none) {
        co_await net::sleep_for(round);
        if (!impl_->node.draining) co_await impl_->carry_once();
    }
}

Task<void> Watching::say_goodbye() {
    impl_->serving.set(0);
    if (!impl_->db.ready()) co_return;
    // The same increase must not be written twice.
    for (int i = 0; i < 200 && impl_->writing; ++i) co_await net::sleep_for(std::chrono::milliseconds(10));
    try {
        co_await impl_->write_down();
    } catch (const std::exception& fault) {
        log::warn("the last minute is not in the history", {{"reason", fault.what()}});
    }
}

}  // namespace bb::app
