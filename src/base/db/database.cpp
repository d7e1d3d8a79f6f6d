#include "base/db/database.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <deque>
#include <functional>

#include "base/core/jitter.hpp"
#include "base/core/log.hpp"
#include "base/db/connection.hpp"
#include "base/net/timer.hpp"

namespace bb::db {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds connect_limit{5'000};
constexpr milliseconds first_pause{50};
constexpr milliseconds longest_pause{2'000};
constexpr milliseconds watch_interval{1'000};
// After the last pipeline broke, statements and transactions wait so long for the next: after a restore or a
// failover it is there in a moment.
constexpr milliseconds patience{500};
constexpr milliseconds between_looks{5};

/// Sent first on every connection. Not among the options of the start-up packet: PgBouncer and other poolers
/// refuse those.
constexpr const char* settings_sql =
    "SELECT set_config('statement_timeout', $1, false), set_config('TimeZone', 'UTC', false), "
    "set_config('idle_in_transaction_session_timeout', '60000', false)";

std::string with_settings(const Options& options) {
    // Appended as keywords when the base is a keyword string, as a query otherwise.
    const bool url = options.conninfo.find("://") != std::string::npos;
    if (!url)
        return options.conninfo + " application_name='" + options.application + "' tcp_user_timeout=10000";
    const char join = options.conninfo.find('?') == std::string::npos ? '?' : '&';
    return options.conninfo + join + "application_name=" + options.application + "&tcp_user_timeout=10000";
}

}  // namespace

struct Database::Impl : std::enable_shared_from_this<Database::Impl> {
    struct Waiter {
        explicit Waiter(Executor executor) : timer(executor) {}
        net::Timer timer;
        std::shared_ptr<Connection> connection;
        bool woken = false;  // with a connection, or to open one
    };

    Impl(Executor executor, Options options)
        : executor(executor), options(std::move(options)), conninfo(with_settings(this->options)) {
        pipelines.resize(static_cast<std::size_t>(this->options.pipelines));
        for (int i = 0; i < this->options.pipelines; ++i) pauses.emplace_back(executor);
    }

    /// Keeps pipeline number `slot` connected until close().
    Task<void> keep_pipeline(std::size_t slot) {
        auto self = shared_from_this();
        milliseconds pause = first_pause;
        while (!closed) {
            try {
                std::unique_ptr<PGconn, Finish> pg(co_await db::connect(executor, conninfo, connect_limit));
                if (closed) break;
                auto wake = std::make_shared<net::Timer>(executor, net::Timer::time_point::max());
                auto connection =
                    std::make_shared<Connection>(executor, pg.release(), [wake]() { wake->cancel(); });
                co_await settle(connection);
                if (closed) {
                    connection->abandon("");
                    break;
                }
                pipelines[slot] = std::move(connection);
                pause = first_pause;
                co_await wait_broken(slot, wake);
                lost_at = net::Timer::clock_type::now();
            } catch (const std::exception& failure) {
                if (!closed) log::warn("database unreachable", {{"reason", failure.what()}});
            }
            pipelines[slot].reset();
            if (closed) break;
            pauses[slot].expires_after(jittered(pause));
            co_await pauses[slot].async_wait(use_task_tuple);
            pause = std::min(pause * 2, longest_pause);
        }
    }

    /// The first statement of a connection. A pooler lets one in before it knows whether the server lives:
    /// only an answer says that it is of use.
    Task<void> settle(std::shared_ptr<Connection> connection) {
        connection->start();
        net::Timer limit(executor, net::Timer::clock_type::now() + connect_limit);
        limit.async_wait([connection](boost::system::error_code stopped) {
            if (!stopped) connection->abandon("the database did not answer in time");
        });
        const auto timeout = std::to_string(options.statement_timeout.count());
        co_await connection->run(settings_sql, Params::of(timeout));
    }

    /// Returns when the pipeline broke; breaks connections whose oldest statement hangs (a dead host or
    /// network: the server itself would have ended the statement before).
    Task<void> wait_broken(std::size_t slot, std::shared_ptr<net::Timer> wake) {
        while (!closed && !pipelines[slot]->broken()) {
            wake->expires_after(watch_interval);
            co_await wake->async_wait(use_task_tuple);
            give_up_if_hung(*pipelines[slot]);
            std::erase_if(exclusive, [](const auto& connection) { return connection.expired(); });
            const auto watched = exclusive;
            for (const auto& weak : watched)
                if (const auto connection = weak.lock()) give_up_if_hung(*connection);
        }
    }

    void give_up_if_hung(Connection& connection) const {
        const auto limit = options.statement_timeout + milliseconds(5'000);
        const auto oldest = connection.oldest();
        if (oldest && Connection::Clock::now() - *oldest > limit)
            connection.abandon("a statement did not come back");
    }

    static bool is_up(const std::shared_ptr<Connection>& connection) {
        return connection && !connection->broken();
    }

    bool any_up() const { return std::any_of(pipelines.begin(), pipelines.end(), is_up); }

    /// Whether the last pipeline broke a moment ago, so that the next is worth waiting for.
    bool is_coming_back() const {
        const bool breaks_now = std::any_of(pipelines.begin(), pipelines.end(), std::identity());
        return breaks_now || net::Timer::clock_type::now() < lost_at + patience;
    }

    /// For as many as a queue holds. Nothing was sent yet, so that nothing is done twice.
    Task<void> wait_for_the_next() {
        const auto self = shared_from_this();
        if (patient >= options.queue) throw Unavailable("the database cannot be reached");
        const auto deadline = net::Timer::clock_type::now() + patience;  // also when it comes and goes
        ++patient;
        while (!closed && !any_up() && is_coming_back() && net::Timer::clock_type::now() < deadline)
            co_await net::sleep_for(between_looks);
        --patient;
    }

    std::shared_ptr<Connection> least_busy() const {
        std::shared_ptr<Connection> best;
        for (const auto& connection : pipelines)
            if (is_up(connection) && (!best || connection->in_flight() < best->in_flight()))
                best = connection;
        if (!best) throw Unavailable("the database cannot be reached");
        if (best->in_flight() >= options.queue) throw Unavailable("the database is too busy");
        return best;
    }

    /// Gives a connection to whoever waits longest, or keeps it.
    void release(std::shared_ptr<Connection> connection) {
        if (connection->dirty() || closed) {
            connection->abandon(closed ? "" : "left in the middle of a transaction");
            connection.reset();
            return slot_freed();
        }
        if (waiting.empty()) return idle.push_back(std::move(connection));
        wake_one(std::move(connection));
    }

    void slot_freed() {
        --open;
        if (!waiting.empty()) wake_one(nullptr);
    }

    void wake_one(std::shared_ptr<Connection> connection) {
        auto waiter = std::move(waiting.front());
        waiting.pop_front();
        waiter->connection = std::move(connection);
        waiter->woken = true;
        waiter->timer.cancel();
    }

    Task<std::shared_ptr<Connection>> open_connection() {
        ++open;
        std::shared_ptr<Connection> connection;
        try {
            std::unique_ptr<PGconn, Finish> pg(co_await db::connect(executor, conninfo, connect_limit));
            connection = std::make_shared<Connection>(executor, pg.release(), []() {});
            co_await settle(connection);
        } catch (...) {
            slot_freed();
            throw;
        }
        exclusive.push_back(connection);
        co_return connection;
    }

    Task<std::shared_ptr<Connection>> take() {
        if (!any_up()) co_await wait_for_the_next();
        const auto deadline = net::Timer::clock_type::now() + options.acquire_timeout;
        for (;;) {
            while (!idle.empty()) {
                auto connection = std::move(idle.back());
                idle.pop_back();
                if (!connection->broken()) co_return connection;
                --open;
            }
            if (open < options.transactions) co_return co_await open_connection();
            if (waiting.size() >= options.waiting) throw Unavailable("the database is too busy");
            auto waiter = std::make_shared<Waiter>(executor);
            waiter->timer.expires_at(deadline);
            waiting.push_back(waiter);
            co_await waiter->timer.async_wait(use_task_tuple);
            if (waiter->connection) co_return std::move(waiter->connection);
            std::erase(waiting, waiter);
            if (closed) throw Unavailable("the database is being closed");
            if (!waiter->woken) throw Unavailable("no database connection became free in time");
        }
    }

    Executor executor;
    Options options;
    std::string conninfo;
    std::vector<std::shared_ptr<Connection>> pipelines;
    std::vector<net::Timer> pauses;  // before the next attempt, by slot
    std::vector<std::shared_ptr<Connection>> idle;
    std::vector<std::weak_ptr<Connection>> exclusive;  // all connections for transactions
    std::deque<std::shared_ptr<Waiter>> waiting;
    net::Timer::time_point lost_at{};  // the pipeline that broke last
    std::size_t patient = 0;           // statements that wait for a pipeline
    int open = 0;
    bool closed = false;
};

Database::Lease::~Lease() {
    if (connection) owner->release(connection->shared_from_this());
}

Database::Database(Executor executor, Options options)
    : impl_(std::make_shared<Impl>(executor, std::move(options))) {}

Database::~Database() {
    impl_->closed = true;
    for (auto& pause : impl_->pauses) pause.cancel();
    for (auto& connection : impl_->pipelines)
        if (connection) connection->abandon("");
    for (auto& connection : impl_->idle) connection->abandon("");
    impl_->idle.clear();
    for (auto& waiter : impl_->waiting) waiter->timer.cancel();
}

void Database::start() {
    for (std::size_t slot = 0; slot < impl_->pipelines.size(); ++slot)
        boost::asio::co_spawn(
            impl_->executor, [impl = impl_, slot]() { return impl->keep_pipeline(slot); },
            boost::asio::detached);
}

bool Database::ready() const {
    return impl_->any_up();
}

Task<bool> Database::wait_ready(milliseconds limit) {
    const auto deadline = net::Timer::clock_type::now() + limit;
    while (!ready() && net::Timer::clock_type::now() < deadline) co_await net::sleep_for(milliseconds(5));
    co_return ready();
}

Database::Load Database::load() const {
    Load load;
    load.idle = impl_->idle.size();
    load.transactions = static_cast<std::size_t>(impl_->open) - load.idle;
    load.waiting = impl_->waiting.size();
    for (const auto& connection : impl_->pipelines) {
        if (!Impl::is_up(connection)) continue;
        ++load.pipelines;
        load.statements += connection->in_flight();
    }
    return load;
}

Task<Rows> Database::run(const char* sql, Params params) {
    const auto impl = impl_;
    if (!impl->any_up()) co_await impl->wait_for_the_next();
    auto connection = impl->least_busy();
    co_return co_await connection->run(sql, std::move(params));
}

Task<Database::Lease> Database::acquire() {
    auto impl = impl_;
    auto connection = co_await impl->take();
    Lease lease;
    lease.owner = impl;
    lease.connection = connection.get();
    lease.keep = std::move(connection);
    co_return lease;
}

void Database::begin(Lease& lease) {
    lease.connection->post("BEGIN");
}

Task<void> Database::finish(Lease& lease, std::exception_ptr failed) {
    auto connection = lease.connection->shared_from_this();
    if (failed) {
        if (!connection->broken()) {
            try {
                co_await connection->run("ROLLBACK", Params());
            } catch (const std::exception& failure) {
                log::warn("rollback failed", {{"reason", failure.what()}});
            }
        }
        std::rethrow_exception(failed);
    }
    const Rows done = co_await connection->run("COMMIT", Params());
    // COMMIT of a transaction in which a statement failed answers ROLLBACK without an error.
    if (done.command() != "COMMIT") throw SqlError("25P02", "", "the transaction was rolled back");
}

Task<Rows> Transaction::run(const char* sql, Params params) {
    co_return co_await connection_.run(sql, std::move(params), true);
}

}  // namespace bb::db
