#include "features/materials/storage.hpp"

#include <fmt/format.h>

namespace bb::materials {
namespace {

constexpr const char* lock_storage_sql = "SELECT pg_advisory_xact_lock(7306, hashtext($1::text))";

#define BB_KEPT_FILES                                                               \
    "files f JOIN materials m ON m.owner_id = f.owner_id AND m.id = f.material_id " \
    "AND m.deleted_at IS NULL WHERE f.owner_id = $1 AND f.deleted_at IS NULL "

#define BB_ON_ITS_WAY "(SELECT coalesce(sum(bytes), 0) FROM uploads WHERE owner_id = $1 AND NOT done)"

// Without and with what was deleted. What is on its way has its room already.
constexpr const char* stored_sql =
    "SELECT ((SELECT coalesce(sum(bytes), 0) FROM (SELECT DISTINCT f.digest, f.bytes FROM " BB_KEPT_FILES
    ") kept) + " BB_ON_ITS_WAY
    ")::bigint, "
    "((SELECT coalesce(sum(bytes), 0) FROM (SELECT DISTINCT digest, bytes FROM files WHERE owner_id = $1) "
    "every) + " BB_ON_ITS_WAY ")::bigint";
// Of what comes: bytes that are not kept, and those of them that are not among the deleted either.
constexpr const char* new_bytes_sql =
    "SELECT coalesce(sum(bytes), 0)::bigint, coalesce(sum(bytes) FILTER (WHERE NOT EXISTS "
    "(SELECT FROM files f WHERE f.owner_id = $1 AND f.digest = decode(come.digest, 'hex'))), 0)::bigint FROM "
    "(SELECT DISTINCT * FROM unnest($2::text[], $3::bigint[]) AS come (digest, bytes)) come "
    "WHERE NOT EXISTS (SELECT FROM " BB_KEPT_FILES "AND f.digest = decode(come.digest, 'hex'))";

#undef BB_ON_ITS_WAY
#undef BB_KEPT_FILES

// So many times what a person may keep lies on the disk at most, with what was deleted and can be restored.
constexpr std::int64_t with_deleted = 3;

/// Bytes that are to come.
struct Coming {
    std::int64_t kept;     // of those that count
    std::int64_t on_disk;  // of those that do not lie there yet, as deleted ones do
};

Error full(std::string pointer, std::string why) {
    Error refused = bad_field(std::move(pointer), std::move(why));
    refused.code = ErrorCode::too_large;
    return refused;
}

/// `stored`: a row of stored_sql.
Result<> room_for(const db::Rows& stored, Coming more, std::int64_t most) {
    const auto megabytes = [](std::int64_t bytes) {
        return bytes / 1'000'000;
    };
    const auto kept = stored[0].get<std::int64_t>(0);
    const auto on_disk = stored[0].get<std::int64_t>(1);
    if (more.kept > 0 && kept + more.kept > most)
        return full("#/storage", fmt::format("holds {} of {} MB already: delete files you no longer need",
                                             megabytes(kept), megabytes(most)));
    if (more.on_disk > 0 && on_disk + more.on_disk > with_deleted * most)
        return full(
            "#/deleted",
            fmt::format("holds {} MB that you deleted, which can be restored for 30 days: more fits in "
                        "as they go",
                        megabytes(on_disk - kept)));
    return Result<>();
}

}  // namespace

Task<void> lock_storage(db::Transaction& tx, UserId owner) {
    co_await tx.query(lock_storage_sql, owner);
}

Task<Result<>> check_room(db::Database& db, UserId owner, std::int64_t more, std::int64_t most) {
    if (most <= 0) co_return Result<>();
    const Coming coming{more, more};
    co_return room_for(co_await db.query(stored_sql, owner), coming, most);
}

Task<Result<>> check_room(db::Transaction& tx, UserId owner, std::int64_t more, std::int64_t most) {
    if (most <= 0) co_return Result<>();
    const Coming coming{more, more};
    co_return room_for(co_await tx.query(stored_sql, owner), coming, most);
}

Task<Result<>> check_room(db::Transaction& tx, UserId owner, std::vector<Content> contents,
                          std::int64_t most) {
    if (most <= 0) co_return Result<>();
    std::vector<std::string> digests;
    std::vector<std::int64_t> bytes;
    for (const Content& one : contents) {
        digests.push_back(crypto::hex(one.digest));
        bytes.push_back(one.bytes);
    }
    const auto rows = co_await tx.query(new_bytes_sql, owner, digests, bytes);
    const Coming coming{rows[0].get<std::int64_t>(0), rows[0].get<std::int64_t>(1)};
    co_return room_for(co_await tx.query(stored_sql, owner), coming, most);
}

Admission within(UserId owner, std::int64_t most) {
    return [owner, most](db::Transaction& tx, std::vector<Content> contents) -> Task<Result<>> {
        co_return co_await check_room(tx, owner, std::move(contents), most);
    };
}

}  // namespace bb::materials
