#include "base/db/connection.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <cstring>

#include "base/core/log.hpp"
#include "base/db/resolve.hpp"
#include "base/net/timer.hpp"

namespace bb::db {
namespace asio = boost::asio;

namespace {

bool starts_with(std::string_view text, std::string_view start) {
    return text.substr(0, start.size()) == start;
}

/// Classes that mean "not now": connection (08), resources (53), shutdown or start-up (57P), cancelled or
/// timed out (57014), read-only standby (25006).
bool means_unavailable(std::string_view sqlstate) {
    return sqlstate.empty() || starts_with(sqlstate, "08") || starts_with(sqlstate, "53") ||
           starts_with(sqlstate, "57P") || sqlstate == "57014" || sqlstate == "25006";
}

std::string field(const PGresult* result, int code) {
    const char* text = result ? PQresultErrorField(result, code) : nullptr;
    return text ? text : "";
}

}  // namespace

std::string reason_of(const PGconn* pg) {
    std::string reason = PQerrorMessage(pg);
    while (!reason.empty() && (reason.back() == '\n' || reason.back() == ' ')) reason.pop_back();
    return reason;
}

void throw_failure(const PGresult* result, const char* connection_message) {
    const std::string state = field(result, PG_DIAG_SQLSTATE);
    std::string message = field(result, PG_DIAG_MESSAGE_PRIMARY);
    if (message.empty()) message = connection_message;
    if (means_unavailable(state)) throw Unavailable(message);
    const std::string constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
    if (state == "23505") throw UniqueViolation(state, constraint, message);
    if (state == "23503") throw ForeignKeyViolation(state, constraint, message);
    if (state == "40001" || state == "40P01") throw SerializationFailure(state, constraint, message);
    throw SqlError(state, constraint, message);
}

Socket socket_of(Executor executor, PGconn* pg) {
    const int copy = fcntl(PQsocket(pg), F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        throw Unavailable("no descriptor for the database socket: " + std::string(std::strerror(errno)));
    return Socket(executor, copy);
}

namespace {

/// Waits until libpq's next connection step is possible. libpq may change its socket between steps.
Task<void> wait_step(Executor executor, PGconn* pg, PostgresPollingStatusType step,
                     std::chrono::steady_clock::time_point deadline) {
    auto socket = std::make_shared<Socket>(socket_of(executor, pg));
    net::Timer timer(executor, deadline);
    timer.async_wait([socket](boost::system::error_code stopped) {
        if (!stopped) socket->close();
    });
    const auto direction = step == PGRES_POLLING_READING ? Socket::wait_read : Socket::wait_write;
    const auto [failed] = co_await socket->async_wait(direction, use_task_tuple);
    timer.cancel();
    if (failed) throw Unavailable("the database did not answer in time");
}

}  // namespace

Task<PGconn*> connect(Executor executor, std::string conninfo, std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    const auto settings = co_await resolve(executor, std::move(conninfo), deadline);
    std::vector<const char*> keywords, values;
    for (const auto& [keyword, value] : settings) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    std::unique_ptr<PGconn, Finish> pg(PQconnectStartParams(keywords.data(), values.data(), 0));
    if (!pg || PQstatus(pg.get()) == CONNECTION_BAD)
        throw Unavailable(pg ? PQerrorMessage(pg.get()) : "out of memory");
    auto step = PGRES_POLLING_WRITING;
    while (step != PGRES_POLLING_OK) {
        co_await wait_step(executor, pg.get(), step, deadline);
        step = PQconnectPoll(pg.get());
        if (step == PGRES_POLLING_FAILED) throw Unavailable(PQerrorMessage(pg.get()));
    }
    PQsetnonblocking(pg.get(), 1);
    PQsetNoticeReceiver(
        pg.get(), [](void*, const PGresult*) {}, nullptr);
    co_return pg.release();
}

/// Somebody who waits for a statement's result; a plain Waiter waits for nothing.
struct Connection::Waiter {
    Clock::time_point sent = Clock::now();
    const char* sql = nullptr;
    bool preparing = false;  // its name is not known to the server yet
    virtual ~Waiter() = default;
    virtual bool posted() const { return true; }
    virtual void complete(Rows) {}
};

template <class Handler>
struct Connection::HandlerWaiter : Waiter {
    explicit HandlerWaiter(Handler handler) : handler_(std::move(handler)) {}
    bool posted() const override { return false; }
    void complete(Rows rows) override {
        // Posted, so that a resumed coroutine never runs inside libpq's read loop.
        auto executor = asio::get_associated_executor(handler_);
        asio::post(executor, [handler = std::move(handler_), rows = std::move(rows)]() mutable {
            std::move(handler)(std::move(rows));
        });
    }
    Handler handler_;
};

Connection::Connection(Executor executor, PGconn* pg, std::function<void()> on_broken)
    : executor_(executor), pg_(pg), socket_(socket_of(executor, pg)), on_broken_(std::move(on_broken)) {
    PQenterPipelineMode(pg_);
    PQsetNoticeReceiver(pg_, hear_notice, this);
}

Connection::~Connection() {
    on_broken_ = nullptr;
    abandon("closed");
}

void Connection::start() {
    asio::co_spawn(
        executor_, [self = shared_from_this()]() { return self->read_loop(); }, asio::detached);
}

bool Connection::dirty() const {
    return broken() || !waiting_.empty() || PQtransactionStatus(pg_) != PQTRANS_IDLE;
}

std::optional<Connection::Clock::time_point> Connection::oldest() const {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.front()->sent;
}

void Connection::send(const char* sql, const Params& params, std::unique_ptr<Waiter> waiter) {
    auto [entry, fresh] = prepared_.try_emplace(sql);
    if (fresh) entry->second = "s" + std::to_string(++names_);
    waiter->sql = sql;
    waiter->preparing = fresh;
    // From here on whatever breaks the connection also tells the waiter.
    waiting_.push_back(std::move(waiter));
    const char* name = entry->second.c_str();
    const auto values = params.values();
    const bool sent =
        (!fresh || PQsendPrepare(pg_, name, sql, params.size(), params.types())) &&
        PQsendQueryPrepared(pg_, name, params.size(), values.data(), params.lengths(), params.formats(), 1) &&
        PQpipelineSync(pg_);
    if (!sent) return abandon(PQerrorMessage(pg_));
    flush();
}

void Connection::post(const char* sql) {
    if (broken()) throw Unavailable("the database connection is lost");
    send(sql, Params(), std::make_unique<Waiter>());
}

Task<Rows> Connection::run_once(const char* sql, const Params& params) {
    if (broken()) throw Unavailable("the database connection is lost");
    auto initiate = [this, sql, &params](auto handler) {
        send(sql, params, std::make_unique<HandlerWaiter<decltype(handler)>>(std::move(handler)));
    };
    co_return co_await asio::async_initiate<decltype(use_task), void(Rows)>(initiate, use_task);
}

Task<Rows> Connection::run(const char* sql, Params params, bool in_transaction) {
    auto self = shared_from_this();
    Rows rows = co_await run_once(sql, params);
    if (forget_stale_plan(sql, rows)) {
        if (in_transaction) throw Unavailable("the schema changed during the transaction");
        rows = co_await run_once(sql, params);
    }
    const PGresult* result = rows.raw();
    const auto status = result ? PQresultStatus(result) : PGRES_FATAL_ERROR;
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) co_return rows;
    throw_failure(result, "the database connection was lost");
}

bool Connection::forget_stale_plan(const char* sql, const Rows& rows) {
    if (!rows.raw() || PQresultStatus(rows.raw()) != PGRES_FATAL_ERROR) return false;
    const std::string state = field(rows.raw(), PG_DIAG_SQLSTATE);
    // 0A000: a migration changed what the plan returns. 26000: an earlier use failed while it was prepared.
    if (state != "0A000" && state != "26000") return false;
    const bool known = prepared_.erase(sql) > 0;
    return known || state == "26000";
}

void Connection::flush() {
    if (flushing_ || broken()) return;
    const int left = PQflush(pg_);
    if (left < 0) return abandon(PQerrorMessage(pg_));
    if (left == 0) return;
    flushing_ = true;
    socket_.async_wait(Socket::wait_write, [self = shared_from_this()](boost::system::error_code failed) {
        self->flushing_ = false;
        if (!failed) self->flush();
    });
}

Task<void> Connection::read_loop() {
    auto self = shared_from_this();
    while (!broken()) {
        const auto [failed] = co_await socket_.async_wait(Socket::wait_read, use_task_tuple);
        if (broken()) co_return;
        if (failed || !PQconsumeInput(pg_)) {
            abandon(failed ? failed.message() : PQerrorMessage(pg_));
            co_return;
        }
        read_results();
        flush();
    }
}

void Connection::read_results() {
    int empty_reads = 0;
    while (!broken() && !waiting_.empty() && !PQisBusy(pg_)) {
        PGresult* result = PQgetResult(pg_);
        // A null result ends one statement; two in a row mean that nothing more has come.
        if (result) {
            empty_reads = 0;
            take_result(result);
        } else if (++empty_reads == 2) {
            break;
        }
    }
    if (!broken() && PQstatus(pg_) == CONNECTION_BAD) abandon(PQerrorMessage(pg_));
}

void Connection::take_result(PGresult* result) {
    const auto status = PQresultStatus(result);
    if (status == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        return complete_front();
    }
    const bool failed_before = current_ && PQresultStatus(current_) == PGRES_FATAL_ERROR;
    if (failed_before || status == PGRES_PIPELINE_ABORTED) {
        PQclear(result);
        return;
    }
    Waiter& front = *waiting_.front();
    if (status == PGRES_FATAL_ERROR && front.preparing) prepared_.erase(front.sql);
    front.preparing = false;  // the first result of a fresh statement is that of its preparation
    if (current_) PQclear(current_);
    current_ = result;
}

// A cancelled wait for the synchronous standby answers "committed", and a warning is all that tells of it. A
// failover would lose the write, so nobody may be told that it is safe. Its words are translated, the name of
// the function is not.
void Connection::hear_notice(void* self, const PGresult* notice) {
    if (field(notice, PG_DIAG_SOURCE_FUNCTION) == "SyncRepWaitForLSN")
        static_cast<Connection*>(self)->unconfirmed_ = true;
}

void Connection::complete_front() {
    auto waiter = std::move(waiting_.front());
    waiting_.pop_front();
    PGresult* result = std::exchange(current_, nullptr);
    if (std::exchange(unconfirmed_, false)) {
        log::warn("a write is not confirmed by the standby");
        PQclear(std::exchange(result, nullptr));
    }
    const bool failed = result && PQresultStatus(result) == PGRES_FATAL_ERROR;
    const bool posted = waiter->posted();
    waiter->complete(Rows(result));
    if (failed && posted) abandon("a statement that nobody waits for failed");
}

void Connection::abandon(const std::string& reason) {
    if (broken()) return;
    if (on_broken_ && !reason.empty()) log::warn("database connection lost", {{"reason", reason}});
    boost::system::error_code ignored;
    socket_.close(ignored);
    PQfinish(std::exchange(pg_, nullptr));
    if (current_) PQclear(std::exchange(current_, nullptr));
    auto failed = std::move(waiting_);
    waiting_.clear();
    for (auto& waiter : failed) waiter->complete(Rows());
    if (auto broken = std::exchange(on_broken_, nullptr)) asio::post(executor_, std::move(broken));
}

}  // namespace bb::db
