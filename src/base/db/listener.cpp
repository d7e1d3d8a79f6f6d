#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/core/jitter.hpp"
#include "base/core/log.hpp"
#include "base/db/connection.hpp"
#include "base/db/database.hpp"
#include "base/net/timer.hpp"

namespace bb::db {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds connect_limit{5'000};
constexpr milliseconds first_pause{50};
constexpr milliseconds longest_pause{2'000};
constexpr std::chrono::seconds ping_interval{20};

}  // namespace

struct Listener::Impl : std::enable_shared_from_this<Listener::Impl> {
    Impl(Executor executor, std::string conninfo, std::vector<std::string> channels, Events events)
        : executor(executor),
          conninfo(std::move(conninfo)),
          channels(std::move(channels)),
          events(std::move(events)),
          rest(executor) {}

    Task<void> keep_listening() {
        auto self = shared_from_this();
        while (!closed) {
            try {
                std::unique_ptr<PGconn, Finish> pg(co_await connect(executor, conninfo, connect_limit));
                if (closed) break;
                socket = std::make_shared<Socket>(socket_of(executor, pg.get()));
                send(pg.get(), listen_statements());
                co_await receive(pg.get());
            } catch (const std::exception& failure) {
                if (!closed) log::warn("listening connection lost", {{"reason", failure.what()}});
            }
            socket.reset();
            if (closed) break;
            tell_lost();
            rest.expires_after(jittered(pause));
            co_await rest.async_wait(use_task_tuple);
            pause = std::min(pause * 2, longest_pause);
        }
    }

    void tell_lost() const {
        try {
            if (events.on_lost) events.on_lost();
        } catch (const std::exception& failure) {
            log::error("listener failed", {{"reason", failure.what()}});
        }
    }

    void close() {
        closed = true;
        rest.cancel();
        boost::system::error_code ignored;
        if (socket) socket->cancel(ignored);
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

    Task<void> receive(PGconn* pg) {
        const auto open = socket;  // outlives the timer's handler
        bool listening = false;
        auto answered = std::chrono::steady_clock::now();
        while (!closed) {
            net::Timer timer(executor, answered + ping_interval);
            timer.async_wait([open](boost::system::error_code stopped) {
                boost::system::error_code ignored;
                if (!stopped) open->cancel(ignored);
            });
            const auto [failed] = co_await open->async_wait(Socket::wait_read, use_task_tuple);
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
            const bool confirmed = take_results(pg);
            if (confirmed && !std::exchange(listening, true)) {
                pause = first_pause;
                if (events.on_ready) events.on_ready();
            }
            take_messages(pg);
        }
    }

    /// True when nothing that was sent is unanswered.
    static bool take_results(PGconn* pg) {
        while (!PQisBusy(pg)) {
            PGresult* result = PQgetResult(pg);
            if (!result) return true;
            const bool failed = PQresultStatus(result) == PGRES_FATAL_ERROR;
            PQclear(result);
            if (failed) throw Unavailable(PQerrorMessage(pg));
        }
        return false;
    }

    void take_messages(PGconn* pg) {
        while (PGnotify* note = PQnotifies(pg)) {
            const std::unique_ptr<PGnotify, void (*)(void*)> owner(note, PQfreemem);
            if (!closed && events.on_message) events.on_message(note->relname, note->extra);
        }
    }

    Executor executor;
    std::string conninfo;
    std::vector<std::string> channels;
    Events events;
    net::Timer rest;                 // before the next attempt
    std::shared_ptr<Socket> socket;  // while connected
    milliseconds pause = first_pause;
    bool closed = false;
};

Listener::Listener(Executor executor, std::string conninfo, std::vector<std::string> channels, Events events)
    : impl_(std::make_shared<Impl>(executor, std::move(conninfo), std::move(channels), std::move(events))) {}

Listener::~Listener() {
    impl_->close();
}

void Listener::start() {
    boost::asio::co_spawn(
        impl_->executor, [impl = impl_]() { return impl->keep_listening(); }, boost::asio::detached);
}

}  // namespace bb::db
