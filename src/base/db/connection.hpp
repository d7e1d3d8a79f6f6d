#pragma once
#include <libpq-fe.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/core/task.hpp"
#include "base/db/error.hpp"
#include "base/db/params.hpp"
#include "base/db/rows.hpp"

namespace bb::db {

/// Closes a connection that a std::unique_ptr holds.
struct Finish {
    void operator()(PGconn* pg) const { PQfinish(pg); }
};

/// libpq's words about its last failure, without the line break that ends them.
std::string reason_of(const PGconn* pg);

/// Opens a connection without blocking. Throws Unavailable with libpq's reason, also after `limit`.
Task<PGconn*> connect(Executor executor, std::string conninfo, std::chrono::milliseconds limit);

/// libpq's socket in Asio's hands; libpq keeps the original, this is a duplicate. Throws Unavailable.
using Socket = boost::asio::posix::basic_stream_descriptor<Executor>;
Socket socket_of(Executor executor, PGconn* pg);

/// Throws the exception that fits a failed result. `result` may be null (the connection broke).
[[noreturn]] void throw_failure(const PGresult* result, const char* connection_message);

/// One connection in pipeline mode: statements are sent at once, one synchronisation point each, and their
/// results come back in order. When anything breaks, all that is in flight fails with Unavailable.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    using Clock = std::chrono::steady_clock;

    /// Takes over an open connection. `on_broken` is called once when it breaks.
    Connection(Executor executor, PGconn* pg, std::function<void()> on_broken);
    ~Connection();
    Connection(const Connection&) = delete;

    /// Starts to read. Call once, when held by a shared_ptr.
    void start();
    /// Sends a statement and waits for its rows. A statement whose remembered plan has become useless is
    /// prepared and sent again, but `in_transaction`, where its failure has undone what came before:
    /// Unavailable. So is a write whose wait for the synchronous standby was cut short.
    Task<Rows> run(const char* sql, Params params, bool in_transaction = false);
    /// Sends a statement without parameters and waits for nothing; a failure breaks the connection.
    void post(const char* sql);
    /// Fails everything in flight and closes. An empty reason is not logged.
    void abandon(const std::string& reason);

    bool broken() const { return pg_ == nullptr; }
    /// Broken, inside a transaction, or with statements in flight: not to be reused.
    bool dirty() const;
    std::size_t in_flight() const { return waiting_.size(); }
    /// When the oldest statement in flight was sent.
    std::optional<Clock::time_point> oldest() const;

private:
    struct Waiter;
    template <class Handler>
    struct HandlerWaiter;

    Task<void> read_loop();
    void read_results();
    void take_result(PGresult* result);
    Task<Rows> run_once(const char* sql, const Params& params);
    /// Sends and says how its result will be taken apart; the waiter goes to the end of waiting_.
    void send(const char* sql, const Params& params, std::unique_ptr<Waiter> waiter);
    void flush();
    static void hear_notice(void* self, const PGresult* notice);
    void complete_front();
    /// True when the failure came before the statement ran, as its remembered plan is of no use any more.
    bool forget_stale_plan(const char* sql, const Rows& failed);

    Executor executor_;
    PGconn* pg_;
    Socket socket_;
    std::function<void()> on_broken_;
    std::deque<std::unique_ptr<Waiter>> waiting_;
    std::unordered_map<const char*, std::string> prepared_;  // by the literal's address
    std::size_t names_ = 0;                                  // given so far; never given twice
    PGresult* current_ = nullptr;  // result of the statement at the front, until its synchronisation point
    bool flushing_ = false;
    bool unconfirmed_ = false;  // the statement at the front is committed, but perhaps not on the standby
};

}  // namespace bb::db
