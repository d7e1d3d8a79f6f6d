#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/core/task.hpp"
#include "base/db/error.hpp"
#include "base/db/params.hpp"
#include "base/db/rows.hpp"

namespace bb::db {

/// How to reach PostgreSQL and how much of it to use, for one thread.
struct Options {
    std::string conninfo;       // URL or keyword string, as libpq takes it
    int pipelines = 1;          // connections that carry short statements side by side
    int transactions = 2;       // connections for transactions, opened when first needed
    std::size_t queue = 256;    // statements waiting in one pipeline before it is "busy"
    std::size_t waiting = 128;  // transactions waiting for a connection
    std::chrono::milliseconds statement_timeout{15'000};
    std::chrono::milliseconds acquire_timeout{5'000};
    std::string application = "brainbytes";
};

class Connection;

/// Statements inside one transaction, in order. Valid only within Database::transaction.
class Transaction {
public:
    explicit Transaction(Connection& connection) : connection_(connection) {}

    /// Runs one statement. `sql` must be a literal (it is prepared once per connection and remembered by its
    /// address). Throws SqlError or its kinds, or Unavailable.
    template <class... Args>
    Task<Rows> query(const char* sql, const Args&... args) {
        return run(sql, Params::of(args...));
    }
    Task<Rows> run(const char* sql, Params params);

private:
    Connection& connection_;
};

/// One thread's way to PostgreSQL. Use it only on its own loop.
class Database {
public:
    Database(Executor executor, Options options);
    ~Database();
    Database(const Database&) = delete;

    /// Starts to connect and reconnect (with jittered back-off) in the background.
    void start();
    /// Waits until a pipeline is connected or `limit` has passed; false when it has passed.
    Task<bool> wait_ready(std::chrono::milliseconds limit);
    /// True while a pipeline is up.
    bool ready() const;

    /// Runs one statement by itself, side by side with others of this thread. `sql` must be a literal (it is
    /// prepared once per connection and remembered by its address). Never retried when it may have run, so a
    /// write is never done twice; waits for up to half a second where the connection broke a moment ago and
    /// it was not sent yet. Throws SqlError or its kinds, or Unavailable.
    template <class... Args>
    Task<Rows> query(const char* sql, const Args&... args) {
        return run(sql, Params::of(args...));
    }
    Task<Rows> run(const char* sql, Params params);

    /// Runs `work` between BEGIN and COMMIT on a connection of its own, waiting like query(); an exception
    /// rolls back and goes on. Throws what `work` throws, SqlError, or Unavailable. After Unavailable from
    /// COMMIT the outcome is unknown.
    ///   co_await db.transaction([&](Transaction& tx) -> Task<void> { co_await tx.query(...); });
    /// The callable must outlive the call, so name it: `auto work = [...](Transaction& tx) -> Task<X> {...};`
    template <class Work>
    auto transaction(Work& work) -> decltype(work(std::declval<Transaction&>())) {
        using T = typename decltype(work(std::declval<Transaction&>()))::value_type;
        auto lease = co_await acquire();
        Transaction tx(*lease.connection);
        begin(lease);
        std::exception_ptr failed;
        if constexpr (std::is_void_v<T>) {
            try {
                co_await work(tx);
            } catch (...) {
                failed = std::current_exception();
            }
            co_await finish(lease, failed);
        } else {
            std::optional<T> value;
            try {
                value.emplace(co_await work(tx));
            } catch (...) {
                failed = std::current_exception();
            }
            co_await finish(lease, failed);
            co_return std::move(*value);
        }
    }

    /// What this thread has in hand at the moment.
    struct Load {
        std::size_t pipelines = 0;     // connected
        std::size_t transactions = 0;  // connections in use
        std::size_t idle = 0;          // connections for transactions, open and unused
        std::size_t statements = 0;    // sent in pipelines and not answered
        std::size_t waiting = 0;       // transactions that wait for a connection
    };
    Load load() const;

private:
    struct Impl;
    struct Lease {
        std::shared_ptr<Impl> owner;
        std::shared_ptr<Connection> keep;
        Connection* connection = nullptr;
        Lease() = default;
        Lease(Lease&& other) noexcept
            : owner(std::move(other.owner)),
              keep(std::move(other.keep)),
              connection(std::exchange(other.connection, nullptr)) {}
        ~Lease();
    };
    Task<Lease> acquire();
    void begin(Lease& lease);
    /// COMMIT, or ROLLBACK and rethrow.
    Task<void> finish(Lease& lease, std::exception_ptr failed);

    std::shared_ptr<Impl> impl_;
};

/// Listens for NOTIFY on its own connection and reconnects by itself.
class Listener {
public:
    /// `on_message(channel, payload)` and `on_lost()` run on the executor's loop. `on_lost` is called
    /// whenever messages may have been missed; `on_ready` when the server has confirmed that it listens
    /// (again).
    struct Events {
        std::function<void(std::string_view channel, std::string_view payload)> on_message;
        std::function<void()> on_lost;
        std::function<void()> on_ready;
    };
    Listener(Executor executor, std::string conninfo, std::vector<std::string> channels, Events events);
    ~Listener();
    Listener(const Listener&) = delete;
    void start();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace bb::db
