#include "features/materials/materials.hpp"

#include <algorithm>

#include "features/materials/storage.hpp"
#include "features/materials/subjects.hpp"

namespace bb::materials {
namespace {

#define BB_MATERIAL_SELECT                                                                      \
    "SELECT m.id, m.title, s.name, m.subject_id, m.description, m.active, "                     \
    "(SELECT count(*) FROM entries e WHERE e.owner_id = m.owner_id AND e.material_id = m.id "   \
    " AND e.deleted_at IS NULL), "                                                              \
    "(SELECT count(*) FROM files f WHERE f.owner_id = m.owner_id AND f.material_id = m.id "     \
    " AND f.deleted_at IS NULL), m.created_at, m.updated_at, m.version, "                       \
    "c.origin_material, ou.name "                                                               \
    "FROM materials m LEFT JOIN subjects s ON s.owner_id = m.owner_id AND s.id = m.subject_id " \
    "LEFT JOIN material_origins c ON c.owner_id = m.owner_id AND c.material_id = m.id "         \
    "LEFT JOIN users ou ON ou.id = c.origin_owner "
// Not while it is half a copy.
#define BB_WHOLE_MATERIAL "AND (c.material_id IS NULL OR c.finished_at IS NOT NULL) "

constexpr const char* list_sql =
    BB_MATERIAL_SELECT "WHERE m.owner_id = $1 AND m.deleted_at IS NULL " BB_WHOLE_MATERIAL
                       "AND ($2::uuid IS NULL OR m.subject_id = $2) "
                       "AND ($3::boolean IS NULL OR m.active = $3) "
                       "AND ($4::timestamptz IS NULL OR (m.updated_at, m.id) < ($4, $5::uuid)) "
                       "ORDER BY m.updated_at DESC, m.id DESC LIMIT $6";
constexpr const char* find_sql =
    BB_MATERIAL_SELECT "WHERE m.owner_id = $1 AND m.id = $2 AND m.deleted_at IS NULL " BB_WHOLE_MATERIAL;

#undef BB_MATERIAL_SELECT
#undef BB_WHOLE_MATERIAL

constexpr const char* lock_sql =
    "SELECT version FROM materials WHERE owner_id = $1 AND id = $2 AND deleted_at IS NULL FOR UPDATE";
constexpr const char* create_sql =
    "INSERT INTO materials (id, owner_id, subject_id, title, description, active) VALUES ($2, $1, $3, $4, "
    "$5, $6)";
constexpr const char* change_sql =
    "UPDATE materials SET title = coalesce($3, title), description = coalesce($4, description), "
    "active = coalesce($5, active), subject_id = CASE WHEN $6 THEN $7::uuid ELSE subject_id END, "
    "version = version + 1, updated_at = now() WHERE owner_id = $1 AND id = $2";
constexpr const char* remove_sql =
    "UPDATE materials SET deleted_at = now(), version = version + 1 WHERE owner_id = $1 AND id = $2";
constexpr const char* deleted_contents_sql =
    "SELECT f.digest, f.bytes FROM files f JOIN materials m ON m.owner_id = f.owner_id AND m.id = "
    "f.material_id "
    "WHERE m.owner_id = $1 AND m.id = $2 AND m.deleted_at IS NOT NULL AND f.deleted_at IS NULL";
constexpr const char* restore_sql =
    "UPDATE materials SET deleted_at = NULL, kept_from = now(), version = version + 1 "
    "WHERE owner_id = $1 AND id = $2 AND deleted_at IS NOT NULL";
constexpr const char* lock_all_sql =
    "SELECT id FROM materials WHERE owner_id = $1 AND id = ANY($2) AND deleted_at IS NULL ORDER BY id FOR "
    "UPDATE";
constexpr const char* touch_sql =
    "UPDATE materials SET updated_at = now() WHERE owner_id = $1 AND id = ANY($2)";

Material read_material(const db::Row& row) {
    Material material;
    material.id = row.get<MaterialId>(0);
    material.title = row.get<std::string>(1);
    material.subject = row.get<std::optional<std::string>>(2);
    material.subject_id = row.get<std::optional<SubjectId>>(3);
    material.description = row.get<std::string>(4);
    material.active = row.get<bool>(5);
    material.entries = row.get<std::int64_t>(6);
    material.files = row.get<std::int64_t>(7);
    material.created_at = row.get<Time>(8);
    material.updated_at = row.get<Time>(9);
    material.version = row.get<std::int32_t>(10);
    if (const auto origin = row.get<std::optional<MaterialId>>(11))
        material.origin = MaterialOrigin{*origin, row.get<std::optional<std::string>>(12)};
    return material;
}

Task<Result<>> check(db::Transaction& tx, UserId owner, MaterialId id, http::IfMatch condition) {
    const auto rows = co_await tx.query(lock_sql, owner, id);
    if (rows.empty()) co_return not_found("material");
    if (!condition.allows(rows[0].get<std::int32_t>(0))) co_return http::stale();
    co_return Result<>();
}

}  // namespace

Task<Result<Page<Material>>> Materials::list(UserId owner, MaterialFilter filter, http::PageQuery page) {
    std::optional<Time> before;
    std::optional<Uuid> id;
    if (page.after) {
        auto cursor = Cursor::parse(*page.after);
        if (!cursor) co_return cursor.error();
        before = Time(std::chrono::microseconds(cursor->rank));
        id = cursor->id;
    }
    std::vector<Material> materials;
    const auto rows =
        co_await db_.query(list_sql, owner, filter.subject, filter.active, before, id, page.limit + 1);
    for (const auto row : rows) materials.push_back(read_material(row));
    co_return page_of(std::move(materials), page.limit, [](const Material& last) {
        return Cursor{last.updated_at.time_since_epoch().count(), last.id.value}.text();
    });
}

Task<Result<Material>> Materials::find(UserId owner, MaterialId id) {
    const auto rows = co_await db_.query(find_sql, owner, id);
    if (rows.empty()) co_return not_found("material");
    co_return read_material(rows[0]);
}

Task<Result<Material>> Materials::create(UserId owner, MaterialId id, NewMaterial input) {
    auto work = [&](db::Transaction& tx) -> Task<void> {
        std::optional<SubjectId> subject;
        if (input.subject) subject = co_await subject_named(tx, owner, *input.subject);
        co_await tx.query(create_sql, owner, id, subject, input.title, input.description, input.active);
    };
    co_await db_.transaction(work);
    co_return co_await find(owner, id);
}

Task<Result<Material>> Materials::change(UserId owner, MaterialId id, MaterialChange change,
                                         http::IfMatch condition) {
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        auto fits = co_await check(tx, owner, id, condition);
        if (!fits) co_return fits;
        std::optional<SubjectId> subject;
        if (change.subject && *change.subject) subject = co_await subject_named(tx, owner, **change.subject);
        co_await tx.query(change_sql, owner, id, change.title, change.description, change.active,
                          change.subject.has_value(), subject);
        co_return fits;
    };
    auto done = co_await db_.transaction(work);
    if (!done) co_return done.error();
    co_return co_await find(owner, id);
}

Task<Result<>> Materials::remove(UserId owner, MaterialId id, http::IfMatch condition) {
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        auto fits = co_await check(tx, owner, id, condition);
        if (fits) co_await tx.query(remove_sql, owner, id);
        co_return fits;
    };
    co_return co_await db_.transaction(work);
}

Task<Result<Material>> Materials::restore(UserId owner, MaterialId id, std::int64_t most) {
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        co_await lock_storage(tx, owner);
        std::vector<Content> contents;
        const auto rows = co_await tx.query(deleted_contents_sql, owner, id);
        for (const auto row : rows)
            contents.push_back(Content{row.get<crypto::Digest>(0), row.get<std::int64_t>(1)});
        auto room = co_await check_room(tx, owner, std::move(contents), most);
        if (room) co_await tx.query(restore_sql, owner, id);
        co_return room;
    };
    auto done = co_await db_.transaction(work);
    if (!done) co_return done.error();
    co_return co_await find(owner, id);
}

Task<Result<>> touch_materials(db::Transaction& tx, UserId owner, MaterialId material,
                               std::optional<MaterialId> other) {
    std::vector<Uuid> ids(1, material.value);
    if (other && *other != material) ids.push_back(other->value);
    std::sort(ids.begin(), ids.end());
    const auto rows = co_await tx.query(lock_all_sql, owner, ids);
    if (rows.size() != static_cast<int>(ids.size())) co_return not_found("material");
    co_await tx.query(touch_sql, owner, ids);
    co_return Result<>();
}

Task<bool> has_material(db::Database& db, UserId owner, MaterialId material) {
    const auto rows = co_await db.query(
        "SELECT FROM materials WHERE owner_id = $1 AND id = $2 AND deleted_at IS NULL", owner, material);
    co_return !rows.empty();
}

}  // namespace bb::materials
