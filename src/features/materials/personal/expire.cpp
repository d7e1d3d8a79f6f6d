#include "features/materials/personal/personal.hpp"

namespace bb::materials {
namespace {

constexpr const char* unused_sql =
    "SELECT id, owner_id, updated_at FROM materials WHERE deleted_at IS NULL "
    "AND greatest(updated_at, kept_from) < now() - make_interval(months => $1) ORDER BY greatest(updated_at, "
    "kept_from) LIMIT $2";
// Looked at again: it may have been used in between.
constexpr const char* delete_sql =
    "UPDATE materials SET deleted_at = now(), version = version + 1 WHERE id IN "
    "(SELECT id FROM materials WHERE deleted_at IS NULL "
    "AND greatest(updated_at, kept_from) < now() - make_interval(months => $1) ORDER BY greatest(updated_at, "
    "kept_from) LIMIT $2 "
    "FOR UPDATE SKIP LOCKED) RETURNING id, owner_id, updated_at";

}  // namespace

Task<std::vector<personal::Expired>> PersonalMaterials::expire(db::Database& db, personal::Months months,
                                                               bool dry_run) {
    std::vector<personal::Expired> gone;
    if (months.materials <= 0) co_return gone;
    const auto rows =
        co_await db.query(dry_run ? unused_sql : delete_sql, months.materials, personal::expired_at_once);
    for (const auto row : rows)
        gone.push_back({"material", row.get<Uuid>(0), row.get<Uuid>(1), row.get<Time>(2)});
    co_return gone;
}

}  // namespace bb::materials
