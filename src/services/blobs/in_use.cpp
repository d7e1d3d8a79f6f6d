#include "services/blobs/in_use.hpp"

#include <fmt/format.h>

#include <chrono>

#include "base/core/log.hpp"
#include "base/net/timer.hpp"

namespace bb::blobs {
namespace {

constexpr std::chrono::minutes between_notes{1};

// A key of 64 bits stands in pg_locks as two halves.
#define BB_HOLDS_PLACE                                                                   \
    "l.locktype = 'advisory' AND l.objsubid = 1 AND "                                    \
    "l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND " \
    "((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended('files in ' || $1, 0)"

// One connection of the server holds it, whichever comes first.
constexpr const char* note_sql =
    "SELECT pg_try_advisory_lock_shared(hashtextextended('files in ' || $1, 0)) WHERE NOT EXISTS "
    "(SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
    "WHERE a.application_name = current_setting('application_name') AND " BB_HOLDS_PLACE ")";
constexpr const char* elsewhere_sql =
    "SELECT split_part(application_name, '/', 2), split_part(application_name, '/', 3) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name LIKE 'brainbytes-server/%' "
    "AND application_name NOT IN (SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING "
    "(pid) "
    "WHERE " BB_HOLDS_PLACE ") GROUP BY 1, 2 ORDER BY 1, 2";

}  // namespace

Task<void> keep_noting_place(db::Database& db, std::string place) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    while (state.cancelled() == boost::asio::cancellation_type::none) {
        try {
            co_await db.query(note_sql, place);
        } catch (const std::exception& failure) {
            log::warn("where files are stored was not noted", {{"reason", failure.what()}});
        }
        co_await net::sleep_for(between_notes);
    }
}

Task<std::vector<std::string>> servers_elsewhere(db::Database& db, std::string place) {
    std::vector<std::string> found;
    const auto rows = co_await db.query(elsewhere_sql, place);
    for (const auto row : rows)
        found.push_back(
            fmt::format("process {} on host {}", row.get<std::string>(1), row.get<std::string>(0)));
    co_return found;
}

}  // namespace bb::blobs
