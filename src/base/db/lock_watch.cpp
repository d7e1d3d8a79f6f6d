#include "base/db/lock_watch.hpp"

#include <fmt/format.h>

namespace bb::db {
namespace {

constexpr std::chrono::milliseconds look_every{150};

constexpr const char* waiting_sql =
    "SELECT coalesce('table ' || l.relation::regclass::text, 'a row'), b.pid, "
    "coalesce(nullif(a.application_name, ''), 'without a name'), "
    "coalesce('from ' || host(a.client_addr), 'on its own machine') "
    "FROM pg_locks l CROSS JOIN LATERAL unnest(pg_blocking_pids(l.pid)) b (pid) "
    "LEFT JOIN pg_stat_activity a ON a.pid = b.pid "
    "WHERE l.pid = $1 AND NOT l.granted ORDER BY a.xact_start NULLS LAST LIMIT 1";

}  // namespace

std::string describe_process(int pid, const std::string& application, const std::string& place) {
    return fmt::format("PostgreSQL's process {} ({}, {})", pid, application, place);
}

LockWatch::LockWatch(Session& session, std::chrono::milliseconds patience) {
    const int pid = session.query("SELECT pg_backend_pid()")[0].get<int>(0);
    thread_ =
        std::thread([this, conninfo = session.conninfo(), pid, patience] { run(conninfo, pid, patience); });
}

LockWatch::~LockWatch() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    woken_.notify_all();
    thread_.join();
}

std::string LockWatch::seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
}

bool LockWatch::over_within(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return woken_.wait_for(lock, time, [this] { return over_; });
}

void LockWatch::run(std::string conninfo, int pid, std::chrono::milliseconds patience) {
    try {
        if (over_within(patience)) return;
        Session session(conninfo);
        do {
            const auto rows = session.query(waiting_sql, pid);
            if (rows.empty()) continue;
            const auto holder = describe_process(rows[0].get<int>(1), rows[0].get<std::string>(2),
                                                 rows[0].get<std::string>(3));
            const std::lock_guard lock(mutex_);
            seen_ = fmt::format("{}, which {} holds", rows[0].get<std::string>(0), holder);
        } while (!over_within(look_every));
    } catch (const std::exception&) {
        // Who holds the lock stays unknown; the migration is not the worse for it.
    }
}

}  // namespace bb::db
