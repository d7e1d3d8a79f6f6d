#include "operations/watch/doctor/database_load.hpp"

#include <fmt/format.h>

#include "operations/watch/doctor/machine.hpp"

namespace bb::watch {
namespace {

constexpr int most_named = 3;
constexpr std::int64_t many_dead = 10'000;
constexpr double much_dead = 0.2, little_cached = 0.9;
constexpr std::int64_t enough_reads = 100'000;
constexpr double many_connections = 0.8, too_many_connections = 0.95;
constexpr std::int64_t old_age = 500'000'000, too_old_age = 1'500'000'000;  // of 2 147 483 648
constexpr std::int64_t much_wal = 256 << 20;
constexpr double long_wait = 30;  // seconds

/// What a person types to call a function of the database; not run by us.
std::string call_text(std::string_view function, std::string_view argument) {
    return fmt::format("SELECT {}({})", function, argument);  // lint: checked (shown, never run)
}

void look_at_indexes(Findings& findings, db::Session& session, const Subject& subject) {
    const auto rows = session.query(
        "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1 LIMIT $1",
        most_named);
    if (rows.empty()) return findings.ok("indexes", "all valid");
    for (const auto row : rows) {
        const auto index = row.get<std::string>(0);
        findings.fail(
            "indexes", fmt::format("{} is not valid: its making was broken off", index),
            "Make it again: " + sql_command(subject, fmt::format("REINDEX INDEX CONCURRENTLY {}", index)));
    }
}

void look_at_dead_rows(Findings& findings, db::Session& session, const Subject& subject) {
    const auto rows = session.query(
        "SELECT relid::regclass::text, n_dead_tup, n_live_tup FROM pg_stat_user_tables WHERE n_dead_tup > $1 "
        "AND n_dead_tup > $2::float8 * (n_dead_tup + n_live_tup) ORDER BY n_dead_tup DESC LIMIT $3",
        many_dead, much_dead, most_named);
    if (rows.empty()) return findings.ok("dead rows", "few in every table");
    for (const auto row : rows) {
        const auto table = row.get<std::string>(0);
        findings.warn("dead rows",
                      fmt::format("{} has {} dead rows beside {} live ones", table, row.get<std::int64_t>(1),
                                  row.get<std::int64_t>(2)),
                      "Clean it up: " + sql_command(subject, fmt::format("VACUUM (ANALYZE) {}", table)));
    }
}

void look_at_locks(Findings& findings, db::Session& session, const Subject& subject) {
    const auto rows = session.query(
        "SELECT count(*), coalesce(max(extract(epoch FROM clock_timestamp() - query_start)), 0)::float8, "
        "(array_agg(blocker ORDER BY query_start))[1] FROM (SELECT query_start, (pg_blocking_pids(pid))[1] "
        "AS blocker "
        "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND "
        "application_name <> 'brainbytes doctor') w");
    const auto waiting = rows[0].get<std::int64_t>(0);
    if (waiting == 0) return findings.ok("locks", "nobody waits for one");
    const auto longest = rows[0].get<double>(1);
    const auto blocker = rows[0].get<std::optional<int>>(2).value_or(0);
    const auto words =
        fmt::format("{} wait for a lock, the longest for {:.0f} s, held by process {} of the database",
                    waiting, longest, blocker);
    const auto fix = "If that does not end, end the holder: " +
                     sql_command(subject, call_text("pg_terminate_backend", std::to_string(blocker)));
    if (longest > long_wait) return findings.fail("locks", words, fix);
    findings.warn("locks", words, fix);
}

void look_at_transactions(Findings& findings, db::Session& session, const Subject& subject) {
    const auto seconds = static_cast<double>(subject.long_transaction.count());
    const auto rows = session.query(
        "SELECT pid, coalesce(nullif(application_name, ''), 'a program without a name'), coalesce(state, "
        "'unknown'), "
        "extract(epoch FROM clock_timestamp() - xact_start)::float8 FROM pg_stat_activity WHERE xact_start < "
        "clock_timestamp() - $1::float8 * interval '1 second' AND backend_type = 'client backend' AND pid <> "
        "pg_backend_pid() ORDER BY xact_start LIMIT $2",
        seconds, most_named);
    if (rows.empty()) return findings.ok("transactions", fmt::format("none is older than {:.0f} s", seconds));
    for (const auto row : rows)
        findings.warn(
            "transactions",
            fmt::format("one of {} is open for {:.0f} s ({}): it holds up cleaning and locks",
                        row.get<std::string>(1), row.get<double>(3), row.get<std::string>(2)),
            "If it is no backup that runs, end it: " +
                sql_command(subject, call_text("pg_terminate_backend", std::to_string(row.get<int>(0)))));
}

void look_at_cache(Findings& findings, db::Session& session, const Subject& subject) {
    const auto rows = session.query(
        "SELECT blks_hit, blks_hit + blks_read FROM pg_stat_database WHERE datname = current_database()");
    const auto hit = rows[0].get<std::int64_t>(0), all = rows[0].get<std::int64_t>(1);
    if (all < enough_reads) return findings.ok("cache", "too little was read yet to tell");
    const double share = static_cast<double>(hit) / static_cast<double>(all);
    const auto words = fmt::format("{:.1f} % of reads came from memory", 100 * share);
    if (share >= little_cached) return findings.ok("cache", words);
    findings.warn("cache", words,
                  subject.home.managed
                      ? fmt::format("Write \"shared_buffers = 512MB\", or a quarter of the memory, into "
                                    "{}/postgres/local.conf, then {}.",
                                    subject.home.data.string(), service_command("restart"))
                      : std::string("Raise shared_buffers of the database to a quarter of its memory."));
}

void look_at_connections(Findings& findings, db::Session& session) {
    const auto rows = session.query(
        "SELECT count(*) FILTER (WHERE backend_type = 'client backend'), "
        "current_setting('max_connections')::bigint - "
        "current_setting('superuser_reserved_connections')::bigint FROM pg_stat_activity");
    const auto used = rows[0].get<std::int64_t>(0), most = rows[0].get<std::int64_t>(1);
    const double share = static_cast<double>(used) / static_cast<double>(std::max<std::int64_t>(most, 1));
    const auto words = fmt::format("{} of {} are in use", used, most);
    const char* fix =
        "Raise max_connections of the database and restart it, or run fewer servers; BRAINBYTES_THREADS=1 "
        "makes a "
        "server need fewer.";
    if (share > too_many_connections) return findings.fail("connections", words, fix);
    if (share > many_connections) return findings.warn("connections", words, fix);
    findings.ok("connections", words);
}

void look_at_age(Findings& findings, db::Session& session, const Subject& subject) {
    const auto rows = session.query(
        "SELECT datname::text, age(datfrozenxid)::bigint FROM pg_database ORDER BY 2 DESC LIMIT 1");
    const auto age = rows[0].get<std::int64_t>(1);
    const auto words = fmt::format("{} of 2147 million are used up in the database {}",
                                   fmt::format("{:.1f} million", static_cast<double>(age) / 1e6),
                                   rows[0].get<std::string>(0));
    const auto fix =
        "Renew them, which takes a while and stops nobody: " + sql_command(subject, "VACUUM (FREEZE)");
    if (age > too_old_age) return findings.fail("transaction numbers", words, fix);
    if (age > old_age) return findings.warn("transaction numbers", words, fix);
    findings.ok("transaction numbers", words);
}

void look_at_slots(Findings& findings, db::Session& session, const Subject& subject) {
    const auto rows = session.query(
        "SELECT slot_name::text, active, coalesce(wal_status, 'lost'), coalesce(pg_wal_lsn_diff(CASE WHEN "
        "pg_is_in_recovery() "
        "THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn), 0)::bigint "
        "FROM pg_replication_slots ORDER BY 4 DESC LIMIT 20");
    bool good = true;
    for (const auto row : rows) {
        const auto slot = row.get<std::string>(0), status = row.get<std::string>(2);
        const auto held = row.get<std::int64_t>(3);
        const bool lost = status == "lost" || status == "unreserved";
        if (!lost && held < much_wal) continue;
        good = false;
        const auto drop = sql_command(subject, call_text("pg_drop_replication_slot", "'" + slot + "'"));
        if (lost)
            findings.fail("WAL slots", fmt::format("{} has lost log that its reader needs", slot),
                          "Begin anew with a copy of everything: brainbytes backup create --method physical");
        else
            findings.warn(
                "WAL slots",
                fmt::format("{} holds {} of log on the disk{}", slot,
                            size_text(static_cast<std::uint64_t>(held)),
                            row.get<bool>(1) ? "" : ", and nobody reads it"),
                row.get<bool>(1)
                    ? std::string("Look whether the place of the backups takes it: brainbytes backup status")
                    : "If nobody will read it any more: " + drop);
    }
    if (good)
        findings.ok("WAL slots", rows.empty() ? std::string("none")
                                              : fmt::format("{}, none holds much of the log", rows.size()));
}

}  // namespace

void look_at_load(Findings& findings, db::Session& session, const Subject& subject) {
    look_at_indexes(findings, session, subject);
    look_at_dead_rows(findings, session, subject);
    look_at_locks(findings, session, subject);
    look_at_transactions(findings, session, subject);
    look_at_cache(findings, session, subject);
    look_at_connections(findings, session);
    look_at_age(findings, session, subject);
    look_at_slots(findings, session, subject);
}

}  // namespace bb::watch
