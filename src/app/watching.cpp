#include "app/watching.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

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
constexpr int rounds_to_look = 3;     // a look every 15 seconds
constexpr int rounds_to_count = 120;  // what changes by the day: every ten minutes
constexpr seconds dark_after{60};     // without a database
constexpr int goodbye_tries = 100;

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
        // Known also when the database is away at the start.
        refresh_settings(around, shared);
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

    /// What cannot be written keeps nobody from looking at what the others write.
    Task<void> try_to_write_down() {
        try {
            co_await write_down();
        } catch (const db::Unavailable&) {
            throw;
        } catch (const std::exception& fault) {
            log::warn("this node's figures are not in the history", {{"reason", fault.what()}});
        }
    }

    Task<void> look(int number) {
        co_await try_to_write_down();
        co_await refresh(around, node, db);
        // Before anybody judges what went wrong in the dark.
        co_await leave_the_dark();
        const bool mine = co_await watch::look_around(db, around, now());
        co_await see_status();
        if (number % rounds_to_count == 0) overdue.set(co_await watch::count_overdue(db, now()));
        if (!mine) co_return;
        looked = true;
        co_await watch::condense(db, now());
    }

    Task<void> carry(std::string channel) {
        co_await watch::deliver_due(
            db, channel, [this](const watch::Message& message) { return courier.deliver(message); });
    }

    Task<void> carry_once(std::string channel) {
        try {
            co_await carry(std::move(channel));
        } catch (const db::Unavailable&) {
            // The look says so.
        } catch (const std::exception& fault) {
            log::warn("messages about incidents wait", {{"reason", fault.what()}});
        }
    }

    Task<void> ping_once() {
        if (!looked || Clock::now() < next_ping) co_return;
        looked = false;
        next_ping = Clock::now() + seconds(60);
        const auto pinged = co_await courier.ping_dead_man();
        if (!pinged.fault.empty()) log::warn("the outside check was not reached", {{"reason", pinged.fault}});
    }

    /// The database is away, and with it everything that could say so: those on duty are told without it,
    /// level by level; what does not arrive is tried again.
    Task<void> cry_in_the_dark() {
        if (!dark_since) dark_since = now();
        const auto waited = std::chrono::duration_cast<seconds>(now() - *dark_since);
        if (waited < dark_after) co_return;
        const int due = std::min(watch::level_after("P0", waited), watch::Contacts::levels);
        while (told_in_the_dark < due) {
            ++told_in_the_dark;
            log::error("the database is away: those on duty are told", {{"level", told_in_the_dark}});
            auto more = watch::messages_without_database(around, told_in_the_dark, *dark_since, now());
            std::move(more.begin(), more.end(), std::back_inserter(untold));
        }
        std::vector<watch::Message> left;
        for (auto& message : std::exchange(untold, {})) {
            const auto outcome = co_await courier.deliver(message);
            if (outcome.fault.empty()) continue;
            log::warn("a message about an incident did not arrive", {{"reason", outcome.fault}});
            left.push_back(std::move(message));
        }
        untold = std::move(left);
    }

    Task<void> leave_the_dark() {
        if (told_in_the_dark > 0) co_await watch::note_darkness(db, around, *dark_since, now());
        dark_since.reset();
        told_in_the_dark = 0;
        untold.clear();
    }

    Task<void> one_round(int number) {
        try {
            // Only a look writes: what still answers, and takes nothing, is away all the same.
            if (number % rounds_to_look == 0) co_await look(number);
            co_await count_incidents();
            co_return;
        } catch (const db::Unavailable& away) {
            if (!dark_since) log::warn("nobody looks at the alarms", {{"reason", away.what()}});
        } catch (const std::exception& fault) {
            log::error("nobody looked at the alarms this time", {{"reason", fault.what()}});
            co_return;
        }
        co_await cry_in_the_dark();
    }

    /// A server that ends still says what it counts, until its last word.
    Task<void> draining_round(int number) {
        if (number % rounds_to_look != 0) co_return;
        try {
            co_await write_down();
        } catch (const std::exception& fault) {
            log::warn("this node's figures are not in the history", {{"reason", fault.what()}});
        }
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
    int told_in_the_dark = 0;  // level
    std::vector<watch::Message> untold;
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
        if (impl_->node.draining)
            co_await impl_->draining_round(number);
        else
            co_await impl_->one_round(number);
    }
}

Task<void> Watching::carry_messages(std::string channel) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    while (state.cancelled() == boost::asio::cancellation_type::none) {
        co_await net::sleep_for(round);
        if (!impl_->node.draining) co_await impl_->carry_once(channel);
    }
}

Task<void> Watching::tell_outside() {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    while (state.cancelled() == boost::asio::cancellation_type::none) {
        co_await net::sleep_for(round);
        co_await impl_->ping_once();
    }
}

Task<void> Watching::say_goodbye() {
    impl_->serving.set(0);
    for (int i = 0; i < goodbye_tries; ++i) {
        // The same increase must not be written twice.
        const bool may_write = !impl_->writing && impl_->db.ready();
        try {
            if (may_write) co_return co_await impl_->write_down();
        } catch (const std::exception& fault) {
            log::warn("the last minute is not in the history", {{"reason", fault.what()}});
        }
        co_await net::sleep_for(std::chrono::milliseconds(20));
    }
    log::warn("this node could not say that it ends", {});
}

}  // namespace bb::app
