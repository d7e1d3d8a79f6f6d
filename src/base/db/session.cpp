#include "base/db/session.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>

#include "base/db/connection.hpp"

namespace bb::db {
namespace {

constexpr int watch_every_ms = 500;

void ignore_notice(void*, const PGresult*) {}

struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, Clear>;

}  // namespace

void Session::Close::operator()(pg_conn* pg) const {
    PQfinish(pg);
}

Session::Session(const std::string& conninfo) : conninfo_(conninfo) {
    const char* keywords[] = {"dbname", "application_name", "connect_timeout", "client_encoding", nullptr};
    const char* values[] = {conninfo.c_str(), "brainbytes", "10", "UTF8", nullptr};
    pg_.reset(PQconnectdbParams(keywords, values, 1));
    if (PQstatus(pg_.get()) != CONNECTION_OK) throw Unavailable(reason_of(pg_.get()));
    PQsetNoticeReceiver(pg_.get(), ignore_notice, nullptr);
}

void Session::wait_for_answer() {
    while (PQisBusy(pg_.get())) {
        pollfd socket{PQsocket(pg_.get()), POLLIN, 0};
        if (::poll(&socket, 1, watch_every_ms) > 0 && PQconsumeInput(pg_.get()) == 0) return;
        look_around();
    }
}

void Session::look_around() {
    try {
        if (watch_) watch_();
    } catch (...) {
        const std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> cancel(PQgetCancel(pg_.get()),
                                                                        &PQfreeCancel);
        char ignored[256];
        PQcancel(cancel.get(), ignored, sizeof ignored);
        pg_.reset();
        throw;
    }
}

/// A server that takes no more is waited for where somebody watches; what it says meanwhile is read.
void Session::flush() {
    for (;;) {
        const int left = PQflush(pg_.get());
        if (left == 0) return;
        pollfd socket{PQsocket(pg_.get()), POLLIN | POLLOUT, 0};
        const bool heard = ::poll(&socket, 1, watch_every_ms) <= 0 || (socket.revents & POLLIN) == 0 ||
                           PQconsumeInput(pg_.get()) == 1;
        if (left < 0 || !heard) throw Unavailable(reason_of(pg_.get()));
        look_around();
    }
}

/// The last result of what was sent, or the first that failed.
pg_result* Session::answer() {
    PGresult* kept = nullptr;
    for (;;) {
        wait_for_answer();
        PGresult* next = PQgetResult(pg_.get());
        if (!next) return kept;
        if (kept && PQresultStatus(kept) == PGRES_FATAL_ERROR) {
            PQclear(next);
            continue;
        }
        PQclear(kept);
        kept = next;
    }
}

void Session::send(const std::string& script) {
    if (!pg_) throw Unavailable("The connection was given up.");
    if (PQsendQuery(pg_.get(), script.c_str()) != 1) throw Unavailable(reason_of(pg_.get()));
}

void Session::fail(pg_result* result) const {
    throw_failure(result, PQerrorMessage(pg_.get()));
}

Rows Session::run(const std::string& sql, const Params& params) {
    if (!pg_) throw Unavailable("The connection was given up.");
    const auto values = params.values();
    const bool sent = PQsendQueryParams(pg_.get(), sql.c_str(), params.size(), params.types(), values.data(),
                                        params.lengths(), params.formats(), 1) == 1;
    PGresult* result = sent ? answer() : nullptr;
    const auto status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return Rows(result);
    const Answer failed(result);
    fail(failed.get());
}

void Session::script(const std::string& sql) {
    send(sql);
    const Answer result(answer());
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) return;
    fail(result.get());
}

void Session::begin_copy(const std::string& sql) {
    send(sql);
    wait_for_answer();
    const Answer result(PQgetResult(pg_.get()));
    if (PQresultStatus(result.get()) != PGRES_COPY_IN) {
        const Answer rest(answer());
        fail(result.get());
    }
    if (PQsetnonblocking(pg_.get(), 1) != 0) throw Unavailable(reason_of(pg_.get()));
}

void Session::put_copy(std::string_view bytes) {
    constexpr std::size_t piece = 1 << 20;  // libpq takes an int
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
        if (PQputCopyData(pg_.get(), bytes.data(), static_cast<int>(std::min(piece, bytes.size()))) != 1)
            throw Unavailable(reason_of(pg_.get()));
        flush();
    }
}

std::int64_t Session::end_copy() {
    if (PQputCopyEnd(pg_.get(), nullptr) != 1) throw Unavailable(reason_of(pg_.get()));
    flush();
    if (PQsetnonblocking(pg_.get(), 0) != 0) throw Unavailable(reason_of(pg_.get()));
    const Answer result(answer());
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) fail(result.get());
    return std::atoll(PQcmdTuples(result.get()));
}

std::string Session::quoted(std::string_view name) {
    std::string out = "\"";
    for (const char c : name) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + '"';
}

}  // namespace bb::db
