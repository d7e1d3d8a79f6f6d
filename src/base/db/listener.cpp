#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/core/log.hpp"
#include "base/db/connection.hpp"
#include "base/db/database.hpp"
#include "base/net/timer.hpp"

namespace bb::db {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds connect_limit{5'000};
constexpr milliseconds longest_pause{2'000};
constexpr std::chrono::seconds ping_interval{20};

struct Finish {
    void operator()(PGconn* pg) const { PQfinish(pg); }
};

}  // namespace

struct Listener::Impl : std::enable_shared_from_this<Listener::Impl> {
    Impl(Executor executor, std::string conninfo, std::vector<std::string> channels, Events events)
        : executor(executor), conninfo(std::move(conninfo)), channels(std::move(channels)), events(std::move(events)) {}

    Task<void> keep_listening() {
        auto self = shared_from_this();
        milliseconds pause{50};
        while (!closed) {
            try {
                std::unique_ptr<PGconn, Finish> pg(co_await connect(executor, conninfo, connect_limit));
                Socket socket = socket_of(executor, pg.get());
                send(pg.get(), listen_statements());
                pause = milliseconds(50);
                if (events.on_ready) events.on_ready();
                co_await receive(pg.get(), socket);
            } catch (const std::exception& failure) {
                if (!closed) log::warn("listening connection lost", {{"reason", failure.what()}});
            }
            if (closed) break;
            if (events.on_lost) events.on_lost();
            co_await net::sleep_for(pause);
            pause = std::min(pause * 2, longest_pause);
        }
    }

    std::string listen_statements() const {
        std::string sql;
        for (const auto& channel : channels) sql += "LISTEN " + channel + ";";
        return sql;
    }

    /// The connection is non-blocking, yet these statements are far smaller than a socket buffer.
    static void send(PGconn* pg, const std::string& sql) {
        if (!PQsendQuery(pg, sql.c_str()) || PQflush(pg) != 0) throw Unavailable(PQerrorMessage(pg));
    }

    Task<void> receive(PGconn* pg, Socket& socket) {
        auto answered = std::chrono::steady_clock::now();
        while (!closed) {
            net::Timer timer(executor, answered + ping_interval);
            timer.async_wait([&socket](boost::system::error_code stopped) {
                if (!stopped) socket.cancel();
            });
            const auto [failed] = co_await socket.async_wait(Socket::wait_read, use_task_tuple);
            timer.cancel();
            if (closed) co_return;
            if (failed) {
                // Silence: ask for a sign of life; no answer until the next interval means that it is dead.
                if (PQisBusy(pg)) throw Unavailable("no sign of life");
                send(pg, "SELECT 1");
                answered = std::chrono::steady_clock::now();
                continue;
            }
            if (!PQconsumeInput(pg)) throw Unavailable(PQerrorMessage(pg));
            answered = std::chrono::steady_clock::now();
            take_results(pg);
            take_messages(pg);
        }
    }

    static void take_results(PGconn* pg) {
        while (!PQisBusy(pg)) {
            PGresult* result = PQgetResult(pg);
            if (!result) return;
            const bool failed = PQresultStatus(result) == PGRES_FATAL_ERROR;
            PQclear(result);
            if (failed) throw Unavailable(PQerrorMessage(pg));
        }
    }

    void take_messages(PGconn* pg) {
        while (PGnotify* note = PQnotifies(pg)) {
            const std::unique_ptr<PGnotify, void (*)(void*)> owner(note, PQfreemem);
            if (events.on_message) events.on_message(note->relname, note->extra);
        }
    }

    Executor executor;
    std::string conninfo;
    std::vector<std::string> channels;
    Events events;
    bool closed = false;
};

Listener::Listener(Executor executor, std::string conninfo, std::vector<std::string> channels, Events events)
    : impl_(std::make_shared<Impl>(executor, std::move(conninfo), std::move(channels), std::move(events))) {}

Listener::~Listener() { impl_->closed = true; }

void Listener::start() {
    boost::asio::co_spawn(
        impl_->executor, [impl = impl_]() { return impl->keep_listening(); }, boost::asio::detached);
}

}  // namespace bb::db
