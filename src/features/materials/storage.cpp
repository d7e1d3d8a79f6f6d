#include "features/materials/storage.hpp"

#include <fmt/format.h>

namespace bb::materials {
namespace {

constexpr const char* lock_storage_sql = "SELECT pg_advisory_xact_lock(7306, hashtext($1::text))";

#define BB_KEPT_FILES                                                               \
    "files f JOIN materials m ON m.owner_id = f.owner_id AND m.id = f.material_id " \
    "AND m.deleted_at IS NULL WHERE f.owner_id = $1 AND f.deleted_at IS NULL "

// What is on its way has its room already.
constexpr const char* stored_sql =
    "SELECT (SELECT coalesce(sum(bytes), 0) FROM (SELECT DISTINCT f.digest, f.bytes FROM " BB_KEPT_FILES
    ") kept)::bigint + "
    "(SELECT coalesce(sum(bytes), 0) FROM uploads WHERE owner_id = $1 AND NOT done)::bigint";
constexpr const char* new_bytes_sql =
    "SELECT coalesce(sum(bytes), 0)::bigint FROM "
    "(SELECT DISTINCT * FROM unnest($2::text[], $3::bigint[]) AS come (digest, bytes)) come "
    "WHERE NOT EXISTS (SELECT FROM " BB_KEPT_FILES "AND f.digest = decode(come.digest, 'hex'))";

#undef BB_KEPT_FILES

/// `kept`: a row of stored_sql.
Result<> room_for(const db::Rows& kept, std::int64_t more, std::int64_t most) {
    const auto bytes = kept[0].get<std::int64_t>(0);
    if (most <= 0 || more == 0 || bytes + more <= most) return Result<>();
    Error refused =
        bad_field("#/storage", fmt::format("holds {} of {} MB already: delete files you no longer need",
                                           bytes / 1'000'000, most / 1'000'000));
    refused.code = ErrorCode::too_large;
    return refused;
}

}  // namespace

Task<void> lock_storage(db::Transaction& tx, UserId owner) {
    co_await tx.query(lock_storage_sql, owner);
}

Task<Result<>> check_room(db::Database& db, UserId owner, std::int64_t more, std::int64_t most) {
    if (most <= 0) co_return Result<>();
    co_return room_for(co_await db.query(stored_sql, owner), more, most);
}

Task<Result<>> check_room(db::Transaction& tx, UserId owner, std::int64_t more, std::int64_t most) {
    if (most <= 0) co_return Result<>();
    co_return room_for(co_await tx.query(stored_sql, owner), more, most);
}

Task<Result<>> check_room(db::Transaction& tx, UserId owner, std::vector<Content> contents,
                          std::int64_t most) {
    std::vector<std::string> digests;
    std::vector<std::int64_t> bytes;
    for (const Content& one : contents) {
        digests.push_back(crypto::hex(one.digest));
        bytes.push_back(one.bytes);
    }
    const auto rows = co_await tx.query(new_bytes_sql, owner, digests, bytes);
    co_return co_await check_room(tx, owner, rows[0].get<std::int64_t>(0), most);
}

Admission within(UserId owner, std::int64_t most) {
    return [owner, most](db::Transaction& tx, std::vector<Content> contents) -> Task<Result<>> {
        co_return co_await check_room(tx, owner, std::move(contents), most);
    };
}

}  // namespace bb::materials
