#include "features/materials/files.hpp"

#include <algorithm>

#include "base/core/utf8.hpp"
#include "features/materials/extract/read.hpp"
#include "features/materials/index/indexer.hpp"
#include "features/materials/index/prepared.hpp"
#include "features/materials/materials.hpp"
#include "features/materials/upload.hpp"
#include "services/jobs/queue.hpp"

namespace bb::materials {
namespace {

#define BB_FILE_COLUMNS                                                                                   \
    "f.id, f.material_id, f.name, f.media_type, f.bytes, f.digest, f.state, f.characters, f.created_at, " \
    "f.updated_at, f.version, f.fault, f.reason, f.source_url, f.fetched_at, f.reader"
#define BB_LIVE_MATERIAL \
    "JOIN materials m ON m.owner_id = f.owner_id AND m.id = f.material_id AND m.deleted_at IS NULL "

constexpr const char* file_list_sql =
    "SELECT " BB_FILE_COLUMNS " FROM files f " BB_LIVE_MATERIAL
    "WHERE f.owner_id = $1 AND f.material_id = $2 AND f.deleted_at IS NULL "
    "AND ($3::timestamptz IS NULL OR (f.created_at, f.id) > ($3, $4::uuid)) "
    "ORDER BY f.created_at, f.id LIMIT $5";
constexpr const char* file_find_sql =
    "SELECT " BB_FILE_COLUMNS ", f.text FROM files f " BB_LIVE_MATERIAL
    "WHERE f.owner_id = $1 AND f.material_id = $2 AND f.id = $3 AND f.deleted_at IS NULL";
constexpr const char* file_lock_sql =
    "SELECT " BB_FILE_COLUMNS
    ", f.text FROM files f "
    "WHERE f.owner_id = $1 AND f.material_id = $2 AND f.id = $3 AND f.deleted_at IS NULL FOR UPDATE";
constexpr const char* find_deleted_sql =
    "SELECT " BB_FILE_COLUMNS
    ", f.text FROM files f "
    "WHERE f.owner_id = $1 AND f.material_id = $2 AND f.id = $3 AND f.deleted_at IS NOT NULL";
constexpr const char* file_lock_deleted_sql =
    "SELECT " BB_FILE_COLUMNS
    ", f.text FROM files f "
    "WHERE f.owner_id = $1 AND f.material_id = $2 AND f.id = $3 AND f.deleted_at IS NOT NULL FOR UPDATE";
constexpr const char* file_create_sql =
    "INSERT INTO files (id, owner_id, material_id, name, media_type, bytes, digest, text, characters, state, "
    "source_url, fetched_at, reader) VALUES ($3, $1, $2, $4, $5, $6, $7, coalesce($8, ''), $9, "
    "CASE WHEN $8 IS NULL THEN 'reading' ELSE 'ready' END, $10, $11, $12)";
constexpr const char* page_create_sql =
    "INSERT INTO files (id, owner_id, material_id, name, media_type, bytes, digest, text, characters, state, "
    "source_url) VALUES ($3, $1, $2, $4, $5, 0, $6, '', 0, 'fetching', $7)";
constexpr const char* file_change_sql =
    "UPDATE files SET name = coalesce($3, name), media_type = coalesce($4, media_type), "
    "material_id = coalesce($5, material_id), version = version + 1, updated_at = now() "
    "WHERE owner_id = $1 AND id = $2";
constexpr const char* file_remove_sql =
    "UPDATE files SET deleted_at = now(), version = version + 1 WHERE owner_id = $1 AND id = $2";
constexpr const char* file_restore_sql =
    "UPDATE files SET deleted_at = NULL, version = version + 1 WHERE owner_id = $1 AND id = $2";
constexpr const char* file_read_again_sql =
    "UPDATE files SET state = $3, fault = NULL, reason = NULL, version = version + 1, updated_at = now() "
    "WHERE owner_id = $1 AND id = $2";

#undef BB_FILE_COLUMNS
#undef BB_LIVE_MATERIAL

File read_file(const db::Row& row) {
    File file;
    file.id = row.get<FileId>(0);
    file.material = row.get<MaterialId>(1);
    file.name = row.get<std::string>(2);
    file.media_type = row.get<std::string>(3);
    file.bytes = row.get<std::int64_t>(4);
    file.digest = row.get<crypto::Digest>(5);
    file.state = row.get<std::string>(6);
    file.characters = row.get<std::int32_t>(7);
    file.created_at = row.get<Time>(8);
    file.updated_at = row.get<Time>(9);
    file.version = row.get<std::int32_t>(10);
    file.fault = row.get<std::optional<std::string>>(11);
    file.reason = row.get<std::optional<std::string>>(12);
    file.source_url = row.get<std::optional<std::string>>(13);
    file.fetched_at = row.get<std::optional<Time>>(14);
    file.reader = row.get<std::int32_t>(15);
    return file;
}

File read_whole_file(const db::Row& row) {
    File file = read_file(row);
    file.text = row.get<std::string>(16);
    return file;
}

index::Source source_of(FileId id) {
    index::Source source;
    source.file = id;
    return source;
}

Task<Result<File>> lock_file(db::Transaction& tx, UserId owner, MaterialId material, FileId id,
                             std::optional<MaterialId> target, http::IfMatch condition) {
    auto touched = co_await touch_materials(tx, owner, material, target);
    if (!touched) co_return touched.error();
    const auto rows = co_await tx.query(file_lock_sql, owner, material, id);
    if (rows.empty()) co_return not_found("file");
    File file = read_whole_file(rows[0]);
    if (!condition.allows(file.version)) co_return http::stale();
    co_return file;
}

/// The text of a file under a name, ready for the index. Made before the transaction that puts it there,
/// which should be short: large texts take seconds.
struct Prepared {
    std::string name;
    int version = 0;  // of the file: its text changes when it has been read, or read again
    index::Document document;
};

Task<Prepared> prepare(net::BlockingPool& pool, File file) {
    Prepared made;
    made.name = file.name;
    made.version = file.version;
    made.document =
        co_await index::prepared(pool, made.name, std::move(file.text), format_of_name(made.name));
    co_return made;
}

/// Puts a locked file into the index anew; `made` unless it does not fit any more.
Task<void> index_file(db::Transaction& tx, net::BlockingPool& pool, UserId owner, MaterialId material,
                      const File& file, Prepared made) {
    const bool fits = made.name == file.name && made.version == file.version;
    if (!fits) made = co_await prepare(pool, file);
    co_await index::put(tx, owner, material, source_of(file.id), made.document, index::Keep::none);
}

/// Puts a file in with its text in the index, or with a job that reads it.
Task<void> insert(db::Transaction& tx, UserId owner, MaterialId material, FileId id, const NewFile& file,
                  const index::Document& document) {
    const auto characters = static_cast<std::int32_t>(utf8::length(file.text.value_or("")));
    co_await tx.query(file_create_sql, owner, material, id, file.name, file.media_type, file.bytes,
                      file.digest, file.text, characters, file.source_url, file.fetched_at, file.reader);
    if (file.text)
        co_await index::put(tx, owner, material, source_of(id), document);
    else
        co_await jobs::add(tx, reading_job, owner.value, id.value);
}

/// Carries out a change of a locked file; `made` is for its new name, if it gets one.
Task<void> carry_out(db::Transaction& tx, net::BlockingPool& pool, UserId owner, File file,
                     const FileChange& change, const Prepared& made) {
    const MaterialId material = change.material.value_or(file.material);
    const std::string name = change.name.value_or(file.name);
    const std::string media_type(extract::media_type_of_name(name));
    co_await tx.query(file_change_sql, owner, file.id, name, media_type, material);
    if (material != file.material) co_await index::move(tx, owner, source_of(file.id), material);
    if (name == file.name) co_return;
    file.name = name;
    co_await index_file(tx, pool, owner, material, file, made);
}

std::vector<Content> contents_of(const std::vector<NewFile>& files) {
    std::vector<Content> contents;
    for (const NewFile& file : files) contents.push_back(Content{file.digest, file.bytes});
    return contents;
}

}  // namespace

Task<Result<Page<File>>> Files::list(UserId owner, MaterialId material, http::PageQuery page) {
    std::optional<Time> time;
    std::optional<Uuid> id;
    if (page.after) {
        auto cursor = Cursor::parse(*page.after);
        if (!cursor) co_return cursor.error();
        time = Time(std::chrono::microseconds(cursor->rank));
        id = cursor->id;
    }
    std::vector<File> files;
    const auto rows = co_await db_.query(file_list_sql, owner, material, time, id, page.limit + 1);
    for (const auto row : rows) files.push_back(read_file(row));
    if (files.empty()) {
        const bool there = co_await has_material(db_, owner, material);
        if (!there) co_return not_found("material");
    }
    co_return page_of(std::move(files), page.limit, [](const File& last) {
        return Cursor{last.created_at.time_since_epoch().count(), last.id.value}.text();
    });
}

Task<Result<File>> Files::find(UserId owner, MaterialId material, FileId id) {
    const auto rows = co_await db_.query(file_find_sql, owner, material, id);
    if (rows.empty()) co_return not_found("file");
    co_return read_whole_file(rows[0]);
}

Task<Result<std::vector<File>>> Files::create(UserId owner, MaterialId material, FileId first,
                                              std::vector<NewFile> files, Admission admit) {
    std::vector<FileId> ids(1, first);
    while (ids.size() < files.size()) ids.push_back(FileId::make());
    std::vector<index::Document> documents;  // made before the transaction: it should be short
    for (const NewFile& file : files) {
        std::string text = file.text.value_or("");
        documents.push_back(
            co_await index::prepared(pool_, file.name, std::move(text), format_of_name(file.name)));
    }
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        co_await lock_storage(tx, owner);
        auto touched = co_await touch_materials(tx, owner, material);
        if (!touched) co_return touched;
        auto contents = contents_of(files);
        if (admit) touched = co_await admit(tx, std::move(contents));
        if (!touched) co_return touched;
        for (std::size_t i = 0; i < files.size(); ++i)
            co_await insert(tx, owner, material, ids[i], files[i], documents[i]);
        co_return touched;
    };
    auto done = co_await db_.transaction(work);
    if (!done) co_return done.error();
    std::vector<File> made;
    for (const FileId id : ids) {
        auto file = co_await find(owner, material, id);
        if (!file) co_return file.error();
        made.push_back(std::move(*file));
    }
    co_return made;
}

Task<Result<File>> Files::create_page(UserId owner, MaterialId material, FileId id, NewPage page) {
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        auto touched = co_await touch_materials(tx, owner, material);
        if (!touched) co_return touched;
        const std::string type(extract::media_type_of_name(page.name));
        co_await tx.query(page_create_sql, owner, material, id, page.name, type, page.digest, page.url);
        co_await jobs::add(tx, fetching_job, owner.value, id.value);
        co_return touched;
    };
    auto done = co_await db_.transaction(work);
    if (!done) co_return done.error();
    co_return co_await find(owner, material, id);
}

Task<Result<File>> Files::change(UserId owner, MaterialId material, FileId id, FileChange change,
                                 http::IfMatch condition) {
    Prepared made;
    if (change.name) {
        auto before = co_await find(owner, material, id);
        if (!before) co_return before.error();
        if (!condition.allows(before->version)) co_return http::stale();
        if (!may_be_renamed(before->name, *change.name))
            co_return bad_field("#/name", "must keep its ending, which says how the file is read");
        if (*change.name != before->name) {
            before->name = *change.name;
            made = co_await prepare(pool_, std::move(*before));
        }
    }
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        auto file = co_await lock_file(tx, owner, material, id, change.material, condition);
        if (!file) co_return file.error();
        co_await carry_out(tx, pool_, owner, std::move(*file), change, made);
        co_return Result<>();
    };
    auto done = co_await db_.transaction(work);
    if (!done) co_return done.error();
    co_return co_await find(owner, change.material.value_or(material), id);
}

Task<Result<>> Files::remove(UserId owner, MaterialId material, FileId id, http::IfMatch condition) {
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        auto file = co_await lock_file(tx, owner, material, id, std::nullopt, condition);
        if (!file) co_return file.error();
        co_await tx.query(file_remove_sql, owner, id);
        co_await index::remove(tx, owner, source_of(id));
        co_return Result<>();
    };
    co_return co_await db_.transaction(work);
}

Task<Result<File>> Files::restore(UserId owner, MaterialId material, FileId id, std::int64_t most) {
    Prepared made;
    const auto deleted = co_await db_.query(find_deleted_sql, owner, material, id);
    if (!deleted.empty()) {
        File before = read_whole_file(deleted[0]);
        made = co_await prepare(pool_, std::move(before));
    }
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        co_await lock_storage(tx, owner);
        auto touched = co_await touch_materials(tx, owner, material);
        if (!touched) co_return touched;
        const auto rows = co_await tx.query(file_lock_deleted_sql, owner, material, id);
        if (rows.empty()) co_return touched;
        const File file = read_whole_file(rows[0]);
        std::vector<Content> content(1, Content{file.digest, file.bytes});
        auto room = co_await check_room(tx, owner, std::move(content), most);
        if (!room) co_return room;
        co_await tx.query(file_restore_sql, owner, id);
        co_await index_file(tx, pool_, owner, material, file, std::move(made));
        co_return touched;
    };
    auto done = co_await db_.transaction(work);
    if (!done) co_return done.error();
    co_return co_await find(owner, material, id);
}

Task<Result<File>> Files::read_again(UserId owner, MaterialId material, FileId id) {
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        const http::IfMatch always;
        auto file = co_await lock_file(tx, owner, material, id, std::nullopt, always);
        if (!file) co_return file.error();
        if (file->state == "ready") co_return Error(ErrorCode::conflict, "This file was read already.");
        if (file->state != "failed") co_return Result<>();
        const bool to_fetch = file->is_unfetched();  // a page that came is kept, and read again
        co_await tx.query(file_read_again_sql, owner, id, to_fetch ? "fetching" : "reading");
        co_await jobs::add(tx, to_fetch ? fetching_job : reading_job, owner.value, id.value);
        co_return Result<>();
    };
    auto done = co_await db_.transaction(work);
    if (!done) co_return done.error();
    co_return co_await find(owner, material, id);
}

}  // namespace bb::materials
