#include "operations/safety/base_backup.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <stdexcept>

#include "base/db/session.hpp"
#include "operations/safety/part.hpp"
#include "operations/safety/room.hpp"
#include "operations/safety/running_tool.hpp"
#include "operations/safety/tools.hpp"

namespace bb::safety {
namespace {

constexpr std::size_t chunk_size = 256 * 1024;
// Files of our data compress to a third or less.
constexpr std::uint64_t stored_share = 3;
constexpr std::uint64_t least_room = 32u << 20;
constexpr const char* facts_sql =
    "SELECT current_setting('server_version_num')::int / 10000, "
    "(SELECT sum(pg_database_size(oid)) FROM pg_database WHERE has_database_privilege(oid, "
    "'CONNECT'))::bigint, "
    "(SELECT timeline_id::bigint FROM pg_control_checkpoint()), "
    "pg_size_bytes(current_setting('wal_segment_size')), current_user::text, "
    "(SELECT system_identifier FROM pg_control_system())::text";
constexpr const char* may_sql =
    "SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user";
// The log that is written meanwhile must not go before it is copied too; the slot goes with its session.
constexpr const char* reserve_sql = "SELECT pg_create_physical_replication_slot($1, true, true)";
constexpr const char* position_sql = "SELECT pg_current_wal_insert_lsn()::text";

struct Facts {
    int major = 0;
    std::uint64_t bytes = 0;
};

Facts look_at(db::Session& session, WalOfBackup& wal) {
    const auto rows = session.query(facts_sql);
    const auto row = rows[0];
    wal.timeline = static_cast<std::uint32_t>(row.get<std::int64_t>(2));
    wal.segment_size = static_cast<db::Lsn>(row.get<std::int64_t>(3));
    wal.role = row.get<std::string>(4);
    wal.system = row.get<std::string>(5);
    return {row.get<int>(0), static_cast<std::uint64_t>(row.get<std::int64_t>(1))};
}

db::Lsn position(db::Session& session) {
    return db::parse_lsn(session.query(position_sql)[0].get<std::string>(0)).value_or(0);
}

}  // namespace

std::optional<std::string> why_not_physical(const Installation& from) {
    if (from.wal_conninfo.empty()) return "There is no account to read the database server's files with.";
    db::Session session(from.wal_conninfo);
    const auto may = session.query(may_sql);
    if (!may.empty() && may[0].get<bool>(0)) return std::nullopt;
    return "The database's account may not copy the files of its server. Let it (ALTER ROLE ... REPLICATION, "
           "and "
           "a line for replication in pg_hba.conf), or make logical backups.";
}

void pack_cluster(const Installation& from, const Destination& to, const secrets::Key& key, int workers,
                  std::uint64_t file_bytes, Manifest& manifest) {
    if (const auto why_not = why_not_physical(from)) throw std::runtime_error(*why_not);
    db::Session session(from.wal_conninfo);
    session.while_waiting(from.watch);
    WalOfBackup wal;
    const auto facts = look_at(session, wal);
    check_room(to, facts.bytes / stored_share + file_bytes + least_room);
    session.query(reserve_sql, fmt::format("brainbytes_base_{}", ::getpid()));
    wal.from = position(session);
    auto connection = for_tools(from.wal_conninfo);
    RunningTool copy(
        {tool_path("pg_basebackup", facts.major), "--pgdata=-", "--format=tar", "--wal-method=fetch",
         "--checkpoint=fast", "--no-manifest", "--no-sync", "--dbname=" + connection.conninfo},
        std::move(connection.environment), RunningTool::Ours::output, from.watch);
    PartWriter part(to, cluster_part, manifest.id, key, workers);
    std::string chunk(chunk_size, '\0');
    std::uint64_t done = 0;
    while (const auto got = http::read_full(copy, chunk.data(), chunk.size())) {
        part.add(std::string_view(chunk).substr(0, got));
        from.progress(cluster_part, done += got, facts.bytes);
    }
    copy.finish();
    wal.to = position(session);
    manifest.parts.push_back(part.finish());
    manifest.wal = wal;
}

}  // namespace bb::safety
