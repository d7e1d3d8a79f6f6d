#include "features/materials/entries.hpp"

#include "base/core/utf8.hpp"
#include "features/materials/index/indexer.hpp"
#include "features/materials/index/prepared.hpp"
#include "features/materials/materials.hpp"

namespace bb::materials {
namespace {

#define BB_ENTRY_COLUMNS \
    "e.id, e.material_id, e.title, e.characters, e.position, e.created_at, e.updated_at, e.version"
#define BB_LIVE_MATERIAL \
    "JOIN materials m ON m.owner_id = e.owner_id AND m.id = e.material_id AND m.deleted_at IS NULL "

constexpr const char* list_sql =
    "SELECT " BB_ENTRY_COLUMNS " FROM entries e " BB_LIVE_MATERIAL
    "WHERE e.owner_id = $1 AND e.material_id = $2 AND e.deleted_at IS NULL "
    "AND ($3::int IS NULL OR (e.position, e.id) > ($3, $4::uuid)) ORDER BY e.position, e.id LIMIT $5";
constexpr const char* find_sql =
    "SELECT " BB_ENTRY_COLUMNS ", e.content FROM entries e " BB_LIVE_MATERIAL
    "WHERE e.owner_id = $1 AND e.material_id = $2 AND e.id = $3 AND e.deleted_at IS NULL";
constexpr const char* lock_sql =
    "SELECT " BB_ENTRY_COLUMNS
    ", e.content FROM entries e "
    "WHERE e.owner_id = $1 AND e.material_id = $2 AND e.id = $3 AND e.deleted_at IS NULL FOR UPDATE";
constexpr const char* entry_lock_deleted_sql =
    "SELECT " BB_ENTRY_COLUMNS
    ", e.content FROM entries e "
    "WHERE e.owner_id = $1 AND e.material_id = $2 AND e.id = $3 AND e.deleted_at IS NOT NULL FOR UPDATE";
constexpr const char* create_sql =
    "INSERT INTO entries (id, owner_id, material_id, title, content, characters, position) "
    "SELECT $3, $1, $2, $4, $5, $6, coalesce(max(position), 0) + 1 FROM entries "
    "WHERE owner_id = $1 AND material_id = $2 AND deleted_at IS NULL";
constexpr const char* change_sql =
    "UPDATE entries SET title = coalesce($3, title), content = coalesce($4, content), "
    "characters = coalesce($5, characters), version = version + 1, updated_at = now() "
    "WHERE owner_id = $1 AND id = $2";
constexpr const char* move_sql =
    "UPDATE entries SET material_id = $3, position = (SELECT coalesce(max(position), 0) + 1 FROM entries "
    "  WHERE owner_id = $1 AND material_id = $3 AND deleted_at IS NULL) "
    "WHERE owner_id = $1 AND id = $2";
constexpr const char* place_sql =
    "WITH others AS (SELECT id, row_number() OVER (ORDER BY position, id) AS n FROM entries "
    "  WHERE owner_id = $1 AND material_id = $2 AND id <> $3 AND deleted_at IS NULL), "
    "placed AS (SELECT id, n + (n >= $4)::int AS n FROM others "
    "  UNION ALL SELECT $3, least($4, (SELECT count(*) + 1 FROM others))) "
    "UPDATE entries e SET position = placed.n FROM placed "
    "WHERE e.owner_id = $1 AND e.id = placed.id AND e.position <> placed.n";
constexpr const char* remove_sql =
    "UPDATE entries SET deleted_at = now(), version = version + 1 WHERE owner_id = $1 AND id = $2";
constexpr const char* restore_sql =
    "UPDATE entries SET deleted_at = NULL, version = version + 1 WHERE owner_id = $1 AND id = $2";

#undef BB_ENTRY_COLUMNS
#undef BB_LIVE_MATERIAL

Entry read_entry(const db::Row& row) {
    Entry entry;
    entry.id = row.get<EntryId>(0);
    entry.material = row.get<MaterialId>(1);
    entry.title = row.get<std::string>(2);
    entry.characters = row.get<std::int32_t>(3);
    entry.position = row.get<std::int32_t>(4);
    entry.created_at = row.get<Time>(5);
    entry.updated_at = row.get<Time>(6);
    entry.version = row.get<std::int32_t>(7);
    return entry;
}

Entry read_whole_entry(const db::Row& row) {
    Entry entry = read_entry(row);
    entry.content = row.get<std::string>(8);
    return entry;
}

index::Source source_of(EntryId id) {
    index::Source source;
    source.entry = id;
    return source;
}

/// Locks the materials and the entry, in this order everywhere.
Task<Result<Entry>> lock_entry(db::Transaction& tx, UserId owner, MaterialId material, EntryId id,
                               std::optional<MaterialId> target, http::IfMatch condition) {
    auto touched = co_await touch_materials(tx, owner, material, target);
    if (!touched) co_return touched.error();
    const auto rows = co_await tx.query(lock_sql, owner, material, id);
    if (rows.empty()) co_return not_found("entry");
    Entry entry = read_whole_entry(rows[0]);
    if (!condition.allows(entry.version)) co_return http::stale();
    co_return entry;
}

Task<void> index_entry(db::Transaction& tx, net::BlockingPool& pool, UserId owner, MaterialId material,
                       EntryId id, std::string title, std::string content, index::Keep keep) {
    const auto document =
        co_await index::prepared(pool, std::move(title), std::move(content), text::Format::markdown);
    co_await index::put(tx, owner, material, source_of(id), document, keep);
}

/// Carries out a change of a locked entry.
Task<void> carry_out(db::Transaction& tx, net::BlockingPool& pool, UserId owner, const Entry& entry,
                     const EntryChange& change) {
    const MaterialId material = change.material.value_or(entry.material);
    std::optional<int> characters;
    if (change.content) characters = static_cast<int>(utf8::length(*change.content));
    co_await tx.query(change_sql, owner, entry.id, change.title, change.content, characters);
    if (material != entry.material) {
        co_await tx.query(move_sql, owner, entry.id, material);
        co_await index::move(tx, owner, source_of(entry.id), material);
    }
    if (change.position) co_await tx.query(place_sql, owner, material, entry.id, *change.position);
    const std::string title = change.title.value_or(entry.title);
    const std::string content = change.content.value_or(entry.content);
    const auto keep = title == entry.title ? index::Keep::same : index::Keep::none;
    if (title != entry.title || content != entry.content)
        co_await index_entry(tx, pool, owner, material, entry.id, title, content, keep);
}

}  // namespace

Task<Result<Page<Entry>>> Entries::list(UserId owner, MaterialId material, http::PageQuery page) {
    std::optional<int> position;
    std::optional<Uuid> id;
    if (page.after) {
        auto cursor = Cursor::parse(*page.after);
        if (!cursor) co_return cursor.error();
        position = static_cast<int>(std::min<std::int64_t>(cursor->rank, 1 << 30));
        id = cursor->id;
    }
    std::vector<Entry> entries;
    const auto rows = co_await db_.query(list_sql, owner, material, position, id, page.limit + 1);
    for (const auto row : rows) entries.push_back(read_entry(row));
    if (entries.empty()) {
        const bool there = co_await has_material(db_, owner, material);
        if (!there) co_return not_found("material");
    }
    co_return page_of(std::move(entries), page.limit, [](const Entry& last) {
        return Cursor{last.position, last.id.value}.text();
    });
}

Task<Result<Entry>> Entries::find(UserId owner, MaterialId material, EntryId id) {
    const auto rows = co_await db_.query(find_sql, owner, material, id);
    if (rows.empty()) co_return not_found("entry");
    co_return read_whole_entry(rows[0]);
}

Task<Result<Entry>> Entries::create(UserId owner, MaterialId material, EntryId id, NewEntry input) {
    const int characters = static_cast<int>(utf8::length(input.content));
    const auto document = co_await index::prepared(pool_, input.title, input.content, text::Format::markdown);
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        auto touched = co_await touch_materials(tx, owner, material);
        if (!touched) co_return touched;
        co_await tx.query(create_sql, owner, material, id, input.title, input.content, characters);
        co_await index::put(tx, owner, material, source_of(id), document);
        co_return touched;
    };
    auto done = co_await db_.transaction(work);
    if (!done) co_return done.error();
    co_return co_await find(owner, material, id);
}

Task<Result<Entry>> Entries::change(UserId owner, MaterialId material, EntryId id, EntryChange change,
                                    http::IfMatch condition) {
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        auto entry = co_await lock_entry(tx, owner, material, id, change.material, condition);
        if (!entry) co_return entry.error();
        co_await carry_out(tx, pool_, owner, *entry, change);
        co_return Result<>();
    };
    auto done = co_await db_.transaction(work);
    if (!done) co_return done.error();
    co_return co_await find(owner, change.material.value_or(material), id);
}

Task<Result<>> Entries::remove(UserId owner, MaterialId material, EntryId id, http::IfMatch condition) {
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        auto entry = co_await lock_entry(tx, owner, material, id, std::nullopt, condition);
        if (!entry) co_return entry.error();
        co_await tx.query(remove_sql, owner, id);
        co_await index::remove(tx, owner, source_of(id));
        co_return Result<>();
    };
    co_return co_await db_.transaction(work);
}

Task<Result<Entry>> Entries::restore(UserId owner, MaterialId material, EntryId id) {
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        auto touched = co_await touch_materials(tx, owner, material);
        if (!touched) co_return touched;
        const auto rows = co_await tx.query(entry_lock_deleted_sql, owner, material, id);
        if (rows.empty()) co_return touched;
        const Entry entry = read_whole_entry(rows[0]);
        co_await tx.query(restore_sql, owner, id);
        co_await index_entry(tx, pool_, owner, material, id, entry.title, entry.content, index::Keep::none);
        co_return touched;
    };
    auto done = co_await db_.transaction(work);
    if (!done) co_return done.error();
    co_return co_await find(owner, material, id);
}

}  // namespace bb::materials
