#include "features/materials/sharing/copying.hpp"

#include <exception>
#include <stdexcept>

#include "features/materials/entries.hpp"
#include "features/materials/files.hpp"
#include "features/materials/index/indexer.hpp"
#include "features/materials/materials.hpp"

namespace bb::materials {
namespace {

constexpr std::size_t most_copied = 1'000;
constexpr int copied_page = 200;

// Together: no material passes for a whole one.
constexpr const char* begin_copy_sql =
    "WITH made AS (INSERT INTO materials (id, owner_id, title, description) VALUES ($2, $1, $5, $6) "
    "RETURNING id, owner_id) "
    "INSERT INTO material_origins (material_id, owner_id, origin_material, origin_owner) "
    "SELECT id, owner_id, $3::uuid, $4::uuid FROM made";
constexpr const char* finish_copy_sql =
    "UPDATE material_origins SET finished_at = now() WHERE owner_id = $1 AND material_id = $2";
// Each content once, as it counts to the storage, and what is there already not at all.
constexpr const char* copied_bytes_sql =
    "SELECT coalesce(sum(bytes), 0)::bigint FROM (SELECT DISTINCT f.digest, f.bytes FROM files f "
    "WHERE f.owner_id = $1 AND f.material_id = $2 AND f.deleted_at IS NULL AND NOT EXISTS "
    "(SELECT FROM files own JOIN materials m ON m.owner_id = own.owner_id AND m.id = own.material_id "
    "WHERE own.owner_id = $3 AND own.digest = f.digest AND own.deleted_at IS NULL AND m.deleted_at IS NULL)) "
    "AS wanted";

constexpr const char* half_copies_sql =
    "SELECT owner_id, material_id FROM material_origins "
    "WHERE finished_at IS NULL AND created_at < now() - interval '1 hour' LIMIT 100";
// Whoever finishes it waits for the origin, whoever puts a text into it for the material.
constexpr const char* lock_half_copy_sql =
    "SELECT FROM material_origins WHERE owner_id = $1 AND material_id = $2 AND finished_at IS NULL FOR "
    "UPDATE";
constexpr const char* lock_copied_sql = "SELECT FROM materials WHERE owner_id = $1 AND id = $2 FOR UPDATE";
constexpr const char* copied_sources_sql =
    "SELECT entry_id, file_id FROM sources WHERE owner_id = $1 AND material_id = $2";
constexpr const char* drop_copied_files_sql = "DELETE FROM files WHERE owner_id = $1 AND material_id = $2";
constexpr const char* drop_copied_entries_sql =
    "DELETE FROM entries WHERE owner_id = $1 AND material_id = $2";
constexpr const char* drop_copied_sql = "DELETE FROM materials WHERE owner_id = $1 AND id = $2";

/// What has to be copied, without the texts.
struct Load {
    std::vector<Entry> entries;
    std::vector<File> files;

    std::size_t size() const { return entries.size() + files.size(); }
};

/// All pages of a list, while there are at most `most_copied` rows.
template <class Part, class Row>
Task<Result<void>> gather(Part& part, const SharedMaterial& from, std::vector<Row>& rows) {
    http::PageQuery query;
    query.limit = copied_page;
    do {
        auto page = co_await part.list(from.owner, from.id, query);
        if (!page) co_return page.error();
        for (auto& row : page->items) rows.push_back(std::move(row));
        query.after = page->next;
    } while (query.after && rows.size() <= most_copied);
    co_return Result<void>();
}

/// Removes a copy that is not whole, with its place in the index. Its originals are swept like others that no
/// row names.
Task<void> drop_half_copy(db::Database& db, UserId owner, MaterialId copy) {
    auto work = [&](db::Transaction& tx) -> Task<void> {
        const auto half = co_await tx.query(lock_half_copy_sql, owner, copy);
        if (half.empty()) co_return;
        co_await tx.query(lock_copied_sql, owner, copy);
        const auto sources = co_await tx.query(copied_sources_sql, owner, copy);
        for (const auto row : sources) {
            index::Source source;
            source.entry = row.get<std::optional<EntryId>>(0);
            source.file = row.get<std::optional<FileId>>(1);
            co_await index::remove(tx, owner, source);
        }
        co_await tx.query(drop_copied_files_sql, owner, copy);
        co_await tx.query(drop_copied_entries_sql, owner, copy);
        co_await tx.query(drop_copied_sql, owner, copy);
    };
    co_await db.transaction(work);
}

/// One copy on its way.
class Copying {
public:
    Copying(Services& services, UserId reader, const SharedMaterial& from)
        : services_(services),
          reader_(reader),
          from_(from),
          sharing_(services.db),
          entries_(services.db, services.pool),
          files_(services.db, services.pool) {}

    Task<Result<void>> look();
    /// Copies what look() has found, and calls it whole.
    Task<Result<void>> fill(MaterialId made);

private:
    Task<Result<void>> ask_again();
    Task<Result<void>> entry(MaterialId made, EntryId id);
    Task<Result<void>> file(MaterialId made, FileId id);

    Services& services_;
    UserId reader_;
    const SharedMaterial& from_;
    Sharing sharing_;
    Entries entries_;
    Files files_;
    Load load_;
};

Task<Result<void>> Copying::look() {
    auto entries = co_await gather(entries_, from_, load_.entries);
    if (!entries) co_return entries;
    auto files = co_await gather(files_, from_, load_.files);
    if (!files) co_return files;
    if (load_.size() > most_copied)
        co_return Error(ErrorCode::too_large,
                        "This material holds too many texts and files to be copied at once.");
    const auto rows = co_await services_.db.query(copied_bytes_sql, from_.owner, from_.id, reader_);
    co_return co_await check_room(services_.db, reader_, rows[0].get<std::int64_t>(0), services_.storage);
}

/// The right to read may end at any moment. Errors: not_found.
Task<Result<void>> Copying::ask_again() {
    const auto still = co_await sharing_.find(reader_, from_.id);
    if (!still) co_return still.error();
    co_return Result<void>();
}

Task<Result<void>> Copying::entry(MaterialId made, EntryId id) {
    auto text = co_await entries_.find(from_.owner, from_.id, id);
    if (!text) co_return Result<void>();  // deleted meanwhile
    NewEntry copy;
    copy.title = std::move(text->title);
    copy.content = std::move(text->content);
    auto done = co_await entries_.create(reader_, made, EntryId::make(), std::move(copy));
    if (!done) co_return done.error();
    co_return Result<void>();
}

Task<Result<void>> Copying::file(MaterialId made, FileId id) {
    auto original = co_await files_.find(from_.owner, from_.id, id);
    if (!original) co_return Result<void>();                 // deleted meanwhile
    if (original->is_unfetched()) co_return Result<void>();  // a web page of which there is nothing yet
    const bool is_there = co_await services_.files.copy(from_.owner.value, reader_.value, original->digest);
    if (!is_there)
        throw std::runtime_error(
            "the original of a shared file is missing in the file store, or its key cannot be read");
    NewFile copy;
    copy.digest = original->digest;
    copy.name = std::move(original->name);
    copy.media_type = std::move(original->media_type);
    copy.bytes = original->bytes;
    copy.source_url = std::move(original->source_url);
    copy.fetched_at = original->fetched_at;
    copy.reader = original->reader;
    if (original->state == "ready") copy.text = std::move(original->text);
    std::vector<NewFile> one;
    one.push_back(std::move(copy));
    const auto admit = within(reader_, services_.storage);
    auto done = co_await files_.create(reader_, made, FileId::make(), std::move(one), admit);
    if (!done) co_return done.error();
    co_return Result<void>();
}

Task<Result<void>> Copying::fill(MaterialId made) {
    for (const Entry& one : load_.entries) {
        auto done = co_await ask_again();
        if (done) done = co_await entry(made, one.id);
        if (!done) co_return done;
    }
    for (const File& one : load_.files) {
        auto done = co_await ask_again();
        if (done) done = co_await file(made, one.id);
        if (!done) co_return done;
    }
    auto still = co_await ask_again();
    if (!still) co_return still;
    const auto finished = co_await services_.db.query(finish_copy_sql, reader_, made);
    if (finished.affected() == 0) co_return not_found("material");  // it took so long that it was swept
    co_return Result<void>();
}

}  // namespace

Task<Result<Material>> copy_material(Services& services, UserId reader, SharedMaterial from) {
    Copying copying(services, reader, from);
    auto fits = co_await copying.look();
    if (!fits) co_return fits.error();
    const auto made = MaterialId::make();
    co_await services.db.query(begin_copy_sql, reader, made, from.id, from.owner, from.title,
                               from.description);
    std::exception_ptr failure;
    auto filled = Result<void>();
    try {
        filled = co_await copying.fill(made);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure || !filled) co_await drop_half_copy(services.db, reader, made);
    if (failure) std::rethrow_exception(failure);
    if (!filled) co_return filled.error();
    Materials materials(services.db);
    co_return co_await materials.find(reader, made);
}

Task<void> sweep_half_copies_of_any_owner(db::Database& db) {
    const auto rows = co_await db.query(half_copies_sql);
    for (const auto row : rows) co_await drop_half_copy(db, row.get<UserId>(0), row.get<MaterialId>(1));
}

}  // namespace bb::materials
