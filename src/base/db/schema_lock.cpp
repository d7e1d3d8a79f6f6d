#include "base/db/schema_lock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/db/lock_watch.hpp"

namespace bb::db {
namespace {

// Any fixed number will do: it says "somebody is changing the schema of this database".
constexpr std::int64_t schema_lock = 4'204'716'329;

constexpr std::chrono::milliseconds look_every{100};

// An advisory lock's number stands in two halves of 32 bits.
constexpr const char* holder_sql =
    "SELECT l.pid, coalesce(nullif(a.application_name, ''), 'without a name'), "
    "coalesce('from ' || host(a.client_addr), 'on its own machine') "
    "FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() "
    "LEFT JOIN pg_stat_activity a ON a.pid = l.pid "
    "WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted "
    "AND (l.classid::bigint << 32 | l.objid::bigint) = $1 LIMIT 1";

}  // namespace

SchemaLock::~SchemaLock() {
    if (!held_) return;
    try {
        session_.query("SELECT pg_advisory_unlock($1)", schema_lock);
    } catch (const std::exception&) {
        // The connection is gone, and the lock with it.
    }
}

Result<void> SchemaLock::take(const std::function<void(std::string_view)>& say,
                              std::chrono::milliseconds patience) {
    if (try_once()) return {};
    const auto other = holder();
    if (say) say(fmt::format("Waiting for {}, which is changing the schema.", other));
    if (wait(patience)) return {};
    return Error(ErrorCode::unavailable,
                 fmt::format("{} goes on changing the schema. If it hangs, end it, then try again.", other));
}

bool SchemaLock::try_once() {
    return held_ = session_.query("SELECT pg_try_advisory_lock($1)", schema_lock)[0].get<bool>(0);
}

// Asks again and again: CREATE INDEX CONCURRENTLY of the other waits for every statement that runs, and would
// never end if one of them waited for its lock.
bool SchemaLock::wait(std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!try_once()) {
        const auto left = deadline - std::chrono::steady_clock::now();
        if (left <= left.zero()) return false;
        std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, look_every));
    }
    return true;
}

std::string SchemaLock::holder() {
    const auto rows = session_.query(holder_sql, schema_lock);
    if (rows.empty()) return "Another program";
    return describe_process(rows[0].get<int>(0), rows[0].get<std::string>(1), rows[0].get<std::string>(2));
}

}  // namespace bb::db
