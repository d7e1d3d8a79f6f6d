#include "operations/safety/wal_slot.hpp"

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "base/core/crypto.hpp"

namespace bb::safety {
namespace {

constexpr std::string_view insufficient_privilege = "42501", in_use = "55006";
constexpr const char* find_sql =
    "SELECT clock_timestamp(), pg_current_wal_flush_lsn()::text, "
    "CASE WHEN wal_status IN ('reserved', 'extended', 'unreserved') THEN restart_lsn END::text, active, "
    "CASE WHEN current_setting('max_slot_wal_keep_size') = '-1' THEN -1 "
    "ELSE pg_size_bytes(current_setting('max_slot_wal_keep_size')) END, "
    "pg_size_bytes(current_setting('wal_segment_size')), "
    "(SELECT system_identifier FROM pg_control_system())::text "
    "FROM pg_replication_slots WHERE slot_name = $1 AND slot_type = 'physical'";
constexpr const char* bounded_sql = "SELECT current_setting('max_slot_wal_keep_size') <> '-1'";
constexpr const char* make_sql = "SELECT pg_create_physical_replication_slot($1, true)";
constexpr const char* end_reader_sql =
    "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots "
    "WHERE slot_name = $1 AND active_pid IS NOT NULL";
constexpr const char* drop_sql =
    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1";
constexpr const char* drop_former_sql =
    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
    "WHERE slot_name = $1 AND NOT active";
constexpr const char* database_sql = "SELECT current_database()::text";
constexpr int tries_to_drop = 20;
constexpr const char* least_behind_sql =
    "SELECT min(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), restart_lsn))::bigint FROM pg_replication_slots "
    "WHERE slot_name = ANY($1) AND active AND "
    "(SELECT backup IS NOT NULL FROM backup_runs WHERE reason LIKE '% (physical)' "
    "ORDER BY started_at DESC LIMIT 1)";
constexpr const char* drop_unused_sql =
    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
    "WHERE slot_name LIKE 'brainbytes\\_wal\\_%' AND NOT active AND NOT slot_name = ANY($1)";

std::string hashed(std::string_view text) {
    return "brainbytes_wal_" + crypto::hex(crypto::sha256(text)).substr(0, 8);
}

/// Installations on one server have databases of their own, and may have the same place in mind.
std::string slot_name(const std::string& database, const std::string& place) {
    return hashed(database + '\n' + place);
}

std::string slot_name(db::Session& session, const Destination& place) {
    return slot_name(session.query(database_sql)[0].get<std::string>(0), place.name());
}

/// As slots were named after the place alone.
std::string former_slot_name(const Destination& place) {
    return hashed(place.name());
}

}  // namespace

std::optional<WalSlot> find_slot(db::Session& session, const Destination& place) {
    const auto name = slot_name(session, place);
    const auto rows = session.query(find_sql, name);
    if (rows.empty()) return std::nullopt;
    const auto row = rows[0];
    WalSlot slot;
    slot.name = name;
    slot.now = row.get<Time>(0);
    slot.written = db::parse_lsn(row.get<std::string>(1)).value_or(0);
    if (const auto kept = row.get<std::optional<std::string>>(2)) slot.kept = db::parse_lsn(*kept);
    slot.in_use = row.get<bool>(3);
    slot.most_kept = row.get<std::int64_t>(4);
    slot.segment_size = static_cast<Lsn>(row.get<std::int64_t>(5));
    slot.system = row.get<std::string>(6);
    return slot;
}

std::optional<std::string> why_unbounded(db::Session& session) {
    if (session.query(bounded_sql)[0].get<bool>(0)) return std::nullopt;
    return "The database server would keep its write-ahead log for us without a bound, and fill its disk "
           "when nobody reads it. Set max_slot_wal_keep_size there (1GB, for example), or keep no log: "
           "BACKUP_WAL_DAYS=0.";
}

void make_slot(db::Session& session, const Destination& place) {
    if (find_slot(session, place)) return;
    if (const auto why_not = why_unbounded(session)) throw std::runtime_error(*why_not);
    try {
        session.query(make_sql, slot_name(session, place));
        session.query(drop_former_sql, former_slot_name(place));
    } catch (const db::SqlError& refused) {
        if (refused.sqlstate() != insufficient_privilege) throw;
        throw std::runtime_error(
            "The database's account may not read the write-ahead log. Let it (ALTER ROLE ... REPLICATION), "
            "or keep no log: BACKUP_WAL_DAYS=0.");
    }
}

void make_slots(const Installation& of, const std::vector<Destination>& places) {
    db::Session session(of.wal_conninfo);
    for (const auto& place : places) make_slot(session, place);
}

Task<std::optional<std::int64_t>> least_behind(db::Database& db, const std::vector<std::string>& places) {
    const auto named = co_await db.query(database_sql);
    const auto database = named[0].get<std::string>(0);
    std::vector<std::string> slots;
    // Of the private database the log is read through another one of its server.
    for (const auto& place : places)
        for (const auto& from : {database, std::string("postgres")}) slots.push_back(slot_name(from, place));
    const auto rows = co_await db.query(least_behind_sql, slots);
    co_return rows[0].get<std::optional<std::int64_t>>(0);
}

void drop_unused_slots(db::Session& session, const std::vector<Destination>& places) {
    std::vector<std::string> used;
    for (const auto& place : places) used.push_back(slot_name(session, place));
    session.query(drop_unused_sql, used);
}

void drop_slot(db::Session& session, const Destination& place) {
    const auto name = slot_name(session, place);
    for (int attempt = 1;; ++attempt) {
        session.query(end_reader_sql, name);
        try {
            session.query(drop_sql, name);
            return;
        } catch (const db::SqlError& refused) {
            if (refused.sqlstate() != in_use || attempt == tries_to_drop) throw;
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    }
}

}  // namespace bb::safety
