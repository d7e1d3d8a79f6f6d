#include "app/readings_database.hpp"

#include <optional>
#include <string>

#include "app/readings.hpp"
#include "base/core/log.hpp"

namespace bb::app {
namespace {

constexpr const char* bound_database_sql = "SELECT set_config('statement_timeout', '2s', true)";

constexpr const char* database_sql =
    "SELECT pg_database_size(d.datid)::float8, d.numbackends::float8, "
    "current_setting('max_connections')::float8, d.deadlocks::float8, "
    "d.blks_hit::float8 / nullif(d.blks_hit + d.blks_read, 0), d.xact_commit::float8, "
    "d.xact_rollback::float8 "
    "FROM pg_stat_database d WHERE d.datname = current_database()";
constexpr const char* mail_sql =
    "SELECT count(*) FILTER (WHERE state = 'waiting')::float8, "
    "count(*) FILTER (WHERE state = 'parked')::float8 FROM mail_queue";
constexpr const char* jobs_sql =
    "SELECT count(*) FILTER (WHERE state = 'waiting')::float8, "
    "count(*) FILTER (WHERE state = 'parked')::float8 FROM jobs";
constexpr const char* tokens_sql =
    "SELECT coalesce(sum(tokens), 0)::float8 FROM token_use WHERE day = (now() AT TIME ZONE 'UTC')::date";
// Sessions move on when their person was seen, at most every ten minutes; keys have that of their own.
#define BB_SEEN                                                                             \
    "(SELECT u.id, u.role, greatest(u.last_seen_at, k.used_at) AS seen FROM users u LEFT "  \
    "JOIN (SELECT user_id, max(last_used_at) AS used_at FROM api_keys GROUP BY user_id) k " \
    "ON k.user_id = u.id) p "
constexpr const char* people_sql =
    "SELECT count(*)::float8, count(*) FILTER (WHERE seen > now() - interval '1 day')::float8, "
    "count(*) FILTER (WHERE seen > now() - interval '7 days')::float8, "
    "count(*) FILTER (WHERE seen > now() - interval '30 days')::float8 FROM " BB_SEEN;
// Ids begin with the time they were made at (UUID, version 7): the primary key finds the newest. Those of
// threads come from clients, and say nothing.
#define BB_ID_OF(ago)                                         \
    "(lpad(to_hex((extract(epoch FROM now() - interval '" ago \
    "') * 1000)::bigint), 12, '0') || "                       \
    "repeat('0', 20))::uuid "
constexpr const char* made_sql =
    "SELECT (SELECT count(*) FROM threads WHERE created_at > now() - interval '1 day')::float8, "
    "(SELECT count(*) FROM messages WHERE role = 'user' AND id >= " BB_ID_OF("1 day") ")::float8, "
    "(SELECT count(*) FROM materials WHERE id >= " BB_ID_OF("1 day") ")::float8, "
    "(SELECT count(*) FROM entries WHERE id >= " BB_ID_OF("1 day") ")::float8, "
    "(SELECT count(*) FROM files WHERE id >= " BB_ID_OF("1 day") ")::float8";
// Active is who asked something in that week.
#define BB_RETAINED(from, to)                                                                     \
    "SELECT avg(coalesce(seen > now() - interval '7 days', false)::int)::float8 FROM " BB_SEEN    \
    "WHERE role = 'student' AND id IN (SELECT owner_id FROM messages WHERE role = 'user' AND id " \
    ">= " BB_ID_OF(from) "AND id < " BB_ID_OF(to) ")"
constexpr const char* retained_week_sql = BB_RETAINED("14 days", "7 days");
constexpr const char* retained_month_sql = BB_RETAINED("35 days", "28 days");
#undef BB_RETAINED
#undef BB_ID_OF
#undef BB_SEEN

RowReading::Show gauge(metrics::Registry& metrics, const char* name, const char* help,
                       const metrics::Labels& labels = {}) {
    auto shown = metrics.gauge(name, help, labels);
    shown.set(not_known);
    return [shown](double value) mutable {
        shown.set(value);
    };
}

RowReading::Show counter(metrics::Registry& metrics, const char* name, const char* help,
                         const metrics::Labels& labels = {}) {
    auto shown = metrics.counter(name, help, labels);
    shown.follow(not_known);
    return [shown](double value) mutable {
        shown.follow(value);
    };
}

RowReading of_database(metrics::Registry& metrics) {
    constexpr auto transactions = "Transactions of all users of the database";
    return {
        database_sql,
        {gauge(metrics, "brainbytes_database_bytes", "Size of the database"),
         gauge(metrics, "brainbytes_database_connections", "Connections of everybody to the database"),
         gauge(metrics, "brainbytes_database_connections_limit",
               "Connections that the database server takes"),
         counter(metrics, "brainbytes_database_deadlocks_total", "Deadlocks in the database"),
         gauge(metrics, "brainbytes_database_cache_hit_share",
               "Blocks that were found in the server's memory, 0 to 1, since its statistics began"),
         counter(metrics, "brainbytes_database_transactions_total", transactions, {{"outcome", "committed"}}),
         counter(metrics, "brainbytes_database_transactions_total", transactions,
                 {{"outcome", "rolled_back"}})}};
}

RowReading of_people(metrics::Registry& metrics) {
    const auto active = [&](const char* period) {
        return gauge(metrics, "brainbytes_active_people",
                     "People whose session or API key was used in the last day, 7 days, 30 days",
                     {{"period", period}});
    };
    return {
        people_sql,
        {gauge(metrics, "brainbytes_people", "Accounts"), active("day"), active("week"), active("month")}};
}

RowReading of_made(metrics::Registry& metrics) {
    const auto made = [&](const char* name, const char* help) {
        return gauge(metrics, name, help, {{"period", "day"}});
    };
    return {made_sql,
            {made("brainbytes_chats", "Chats begun in the last 24 hours"),
             made("brainbytes_questions", "Questions asked in chats in the last 24 hours"),
             made("brainbytes_materials", "Materials made in the last 24 hours"),
             made("brainbytes_entries", "Texts written in the last 24 hours"),
             made("brainbytes_files", "Files uploaded in the last 24 hours")}};
}

}  // namespace

RowReading::RowReading(const char* sql, std::vector<Show> columns)
    : sql_(sql), columns_(std::move(columns)) {}

void RowReading::forget() {
    for (auto& show : columns_) show(not_known);
}

Task<void> RowReading::read(db::Database& db) {
    auto work = [&](db::Transaction& tx) -> Task<db::Rows> {
        co_await tx.query(bound_database_sql);
        co_return co_await tx.query(sql_);
    };
    std::string fault;
    try {
        const auto rows = co_await db.transaction(work);
        if (rows.empty()) forget();
        for (const auto row : rows)
            for (std::size_t i = 0; i < columns_.size(); ++i)
                columns_[i](row.get<std::optional<double>>(static_cast<int>(i)).value_or(not_known));
    } catch (const std::exception& failure) {
        fault = failure.what();
        forget();
    }
    if (!fault.empty() && !told_) log::warn("figures not read", {{"reason", fault}});
    told_ = !fault.empty();
}

std::vector<RowReading> database_readings(metrics::Registry& metrics) {
    const auto queue = [&](const char* state) {
        return gauge(metrics, "brainbytes_mail_queue", "Notices that wait to be mailed, or were given up",
                     {{"state", state}});
    };
    const auto jobs = [&](const char* state) {
        return gauge(metrics, "brainbytes_jobs", "Work that waits for a server, or was given up",
                     {{"state", state}});
    };
    std::vector<RowReading> readings;
    readings.push_back(of_database(metrics));
    readings.push_back({mail_sql, {queue("waiting"), queue("parked")}});
    readings.push_back({jobs_sql, {jobs("waiting"), jobs("parked")}});
    readings.push_back({tokens_sql,
                        {gauge(metrics, "brainbytes_tokens_used",
                               "Tokens of the language model used today (UTC)", {{"period", "day"}})}});
    readings.push_back(of_people(metrics));
    readings.push_back(of_made(metrics));
    return readings;
}

std::vector<RowReading> slow_readings(metrics::Registry& metrics) {
    const auto retained = [&](const char* weeks) {
        return gauge(metrics, "brainbytes_retained_share",
                     "Of the students who asked something in the week that ended so many weeks ago, the part "
                     "that was active in the last 7 days",
                     {{"weeks", weeks}});
    };
    std::vector<RowReading> readings;
    readings.push_back({retained_week_sql, {retained("1")}});
    readings.push_back({retained_month_sql, {retained("4")}});
    return readings;
}

}  // namespace bb::app
