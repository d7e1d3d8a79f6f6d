#include "cli/database.hpp"

#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "base/db/migrate.hpp"
#include "base/db/run_once.hpp"

namespace bb::cli {
namespace {

/// Ctrl-C ends a command at once, but not without stopping the private database that it may have started.
class StopSignals {
public:
    explicit StopSignals(db::Home& home) {
        sigemptyset(&signals_);
        for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals_, signal);
        pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
        watcher_ = std::thread([this, &home] {
            int signal = 0;
            sigwait(&signals_, &signal);
            if (over_) return;
            home.close();
            std::_Exit(128 + signal);
        });
    }
    ~StopSignals() {
        over_ = true;
        pthread_kill(watcher_.native_handle(), SIGTERM);
        watcher_.join();
        pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
    }
    StopSignals(const StopSignals&) = delete;

private:
    sigset_t signals_;
    std::atomic<bool> over_{false};
    std::thread watcher_;
};

}  // namespace

int with_home(Context& context, const std::function<int(db::Home&)>& work) {
    auto home = db::Home::open(context.config, db::Home::Use::command, db::say_on_stderr);
    if (!home) return context.fail(home.error());
    const StopSignals signals(*home);
    try {
        return work(*home);
    } catch (const db::Unavailable& failure) {
        return context.fail(std::string("The database cannot be used: ") + failure.what());
    } catch (const db::SqlError& failure) {
        return context.fail(std::string("The database refused: ") + failure.what());
    }
}

int with_ready_home(Context& context, const std::function<int(db::Home&)>& work) {
    return with_home(context, [&](db::Home& home) {
        {
            db::Session session(home.conninfo());
            const auto ready = db::prepare_schema(session, home.managed(), db::say_on_stderr);
            if (!ready) return context.fail(ready.error());
        }
        return work(home);
    });
}

int with_session(Context& context, const std::function<int(db::Session&)>& work) {
    return with_home(context, [&](db::Home& home) {
        db::Session session(home.conninfo());
        return work(session);
    });
}

int run_with_database(config::Config& config, const std::function<Task<int>(db::Database&)>& work) {
    Context context{config, std::cout, std::cerr};
    const int code = with_ready_home(context, [&](db::Home& home) {
        config = context.config;
        int result = failed;
        db::run_once(home.conninfo(),
                     [&](db::Database& database) -> Task<void> { result = co_await work(database); });
        return result;
    });
    config = context.config;
    return code;
}

}  // namespace bb::cli
