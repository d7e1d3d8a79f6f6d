#pragma once

namespace bb::materials {

/// ($1 owner, $2 digest) gives owner and digest of the next 5,000 stored files that rows name, in that order;
/// of any owner, for backups.
inline constexpr const char* stored_files_sql =
    "SELECT owner_id, digest FROM ("
    "(SELECT DISTINCT owner_id, digest FROM files WHERE (owner_id, digest) > ($1, $2) "
    "ORDER BY owner_id, digest LIMIT 5000) UNION "
    "(SELECT owner_id, digest FROM file_keys WHERE (owner_id, digest) > ($1, $2) AND kept_until > now() "
    "ORDER BY owner_id, digest LIMIT 5000)) s ORDER BY owner_id, digest LIMIT 5000";

/// ($1 moment) counts the stored files that rows name only since then; of any owner.
inline constexpr const char* files_since_sql =
    "SELECT count(*) FROM (SELECT FROM files GROUP BY owner_id, digest HAVING min(created_at) > $1) s";

}  // namespace bb::materials
