#include "features/tutor/threads.hpp"

#include "base/core/number.hpp"
#include "base/core/utf8.hpp"

namespace bb::tutor {
namespace {

// Column order is shared by every query that returns threads.
#define THREAD_COLUMNS                                                                                     \
    "t.id, t.title, t.created_at, t.updated_at, "                                                          \
    "CASE WHEN t.chosen THEN ARRAY(SELECT m.material_id FROM thread_materials m WHERE m.thread_id = t.id " \
    "ORDER BY m.material_id) ELSE '{}'::uuid[] END "

constexpr const char* list_sql =
    "SELECT " THREAD_COLUMNS
    "FROM threads t WHERE t.owner_id = $1 AND t.deleted_at IS NULL AND NOT t.temporary "
    "ORDER BY t.updated_at DESC, t.id DESC LIMIT $2";
constexpr const char* list_after_sql =
    "SELECT " THREAD_COLUMNS
    "FROM threads t WHERE t.owner_id = $1 AND t.deleted_at IS NULL AND NOT t.temporary "
    "AND (t.updated_at, t.id) < ($3, $4) "
    "ORDER BY t.updated_at DESC, t.id DESC LIMIT $2";
constexpr const char* titled_sql =
    "SELECT " THREAD_COLUMNS
    "FROM threads t WHERE t.owner_id = $1 AND t.deleted_at IS NULL AND NOT t.temporary "
    "AND ($3::timestamptz IS NULL OR (t.updated_at, t.id) < ($3, $4)) "
    "AND strpos(lower(t.title), lower($5)) > 0 "
    "ORDER BY t.updated_at DESC, t.id DESC LIMIT $2";
constexpr const char* find_sql = "SELECT " THREAD_COLUMNS
                                 ", t.version, t.temporary, t.only_materials FROM threads t "
                                 "WHERE t.owner_id = $1 AND t.id = $2 AND t.deleted_at IS NULL";
constexpr const char* create_sql =
    "WITH t AS (INSERT INTO threads (id, owner_id, title, title_source, chosen, temporary, only_materials) "
    "VALUES ($2, $1, coalesce($3, 'New chat'), CASE WHEN $3::text IS NULL THEN 'default' ELSE 'person' END, "
    "cardinality($4::uuid[]) > 0, $5, $6) RETURNING *), "
    "added AS (INSERT INTO thread_materials (thread_id, material_id) "
    "SELECT t.id, m FROM t, unnest($4::uuid[]) m ON CONFLICT DO NOTHING) "
    "SELECT t.id, t.title, t.created_at, t.updated_at, "
    "ARRAY(SELECT DISTINCT m FROM unnest($4::uuid[]) m ORDER BY m) FROM t";
constexpr const char* change_sql =
    "WITH t AS (UPDATE threads SET title = coalesce($3, title), "
    "title_source = CASE WHEN $3::text IS NULL THEN title_source ELSE 'person' END, "
    "chosen = CASE WHEN $4::uuid[] IS NULL THEN chosen ELSE cardinality($4::uuid[]) > 0 END, "
    "only_materials = coalesce($6, only_materials), "
    "version = version + 1 "
    "WHERE owner_id = $1 AND id = $2 AND deleted_at IS NULL "
    "AND ($5::int[] IS NULL OR version = ANY($5)) RETURNING id), "
    "gone AS (DELETE FROM thread_materials m USING t "
    "WHERE m.thread_id = t.id AND $4::uuid[] IS NOT NULL AND m.material_id <> ALL($4::uuid[])), "
    "added AS (INSERT INTO thread_materials (thread_id, material_id) "
    "SELECT t.id, m FROM t, unnest($4::uuid[]) m ON CONFLICT DO NOTHING) "
    "SELECT id FROM t";
constexpr const char* remove_sql =
    "UPDATE threads SET deleted_at = now(), version = version + 1 "
    "WHERE owner_id = $1 AND id = $2 AND deleted_at IS NULL AND ($3::int[] IS NULL OR version = ANY($3))";
constexpr const char* restore_sql =
    "UPDATE threads SET deleted_at = NULL, kept_from = now(), version = version + 1 "
    "WHERE owner_id = $1 AND id = $2 AND deleted_at IS NOT NULL";
constexpr const char* purge_sql =
    "DELETE FROM threads WHERE id IN "
    "(SELECT id FROM threads WHERE deleted_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";
constexpr const char* purge_temporary_sql =
    "DELETE FROM threads WHERE id IN (SELECT t.id FROM threads t WHERE t.temporary AND t.updated_at < $1 "
    "AND NOT EXISTS (SELECT FROM messages m WHERE m.thread_id = t.id AND m.state = 'streaming') "
    "LIMIT $2 FOR UPDATE SKIP LOCKED)";
constexpr const char* suggest_title_sql =
    "UPDATE threads SET title = $3, title_source = 'model', version = version + 1 "
    "WHERE owner_id = $1 AND id = $2 AND title_source IN ('default', 'words')";
constexpr const char* count_materials_sql =
    "SELECT count(*) FROM materials WHERE owner_id = $1 AND id = ANY($2) AND deleted_at IS NULL";

Thread read_thread(const db::Row& row) {
    Thread thread;
    thread.id = row.get<ThreadId>(0);
    thread.title = row.get<std::string>(1);
    thread.created_at = row.get<Time>(2);
    thread.updated_at = row.get<Time>(3);
    thread.materials = row.get<std::vector<Uuid>>(4);
    return thread;
}

/// `rows` holds one more than `limit` when there is a next page.
ThreadPage read_page(const db::Rows& rows, int limit) {
    ThreadPage page;
    page.threads.reserve(static_cast<std::size_t>(rows.size()));
    for (const auto row : rows) {
        if (static_cast<int>(page.threads.size()) == limit) {
            const auto& last = page.threads.back();
            page.next = ThreadCursor{last.updated_at, last.id};
            break;
        }
        page.threads.push_back(read_thread(row));
    }
    return page;
}

Error stale() {
    return Error(ErrorCode::stale, "This chat was changed elsewhere. Load it again.");
}

}  // namespace

std::string to_text(const ThreadCursor& cursor) {
    return std::to_string(cursor.updated_at.time_since_epoch().count()) + "." + cursor.id.text();
}

Result<ThreadCursor> thread_cursor(std::string_view text) {
    constexpr std::int64_t furthest = 253'402'300'799'000'000;  // year 9999
    const auto dot = std::min(text.find('.'), text.size());
    const auto micros = parse_number(text.substr(0, dot));
    const auto id = ThreadId::parse(text.substr(std::min(dot + 1, text.size())));
    if (!micros || !id || *micros < 0 || *micros >= furthest)
        return bad_field("?after", "is not a cursor of this list");
    return ThreadCursor{Time(std::chrono::microseconds(*micros)), *id};
}

Task<ThreadPage> Threads::list(UserId owner, int limit, std::optional<ThreadCursor> after) {
    if (!after) {
        const auto rows = co_await db_.query(list_sql, owner, limit + 1);
        co_return read_page(rows, limit);
    }
    const auto rows = co_await db_.query(list_after_sql, owner, limit + 1, after->updated_at, after->id);
    co_return read_page(rows, limit);
}

Task<ThreadPage> Threads::find_titled(UserId owner, std::string words, int limit,
                                      std::optional<ThreadCursor> after) {
    std::optional<Time> time;
    std::optional<ThreadId> id;
    if (after) {
        time = after->updated_at;
        id = after->id;
    }
    const auto rows = co_await db_.query(titled_sql, owner, limit + 1, time, id, words);
    co_return read_page(rows, limit);
}

Task<Result<Thread>> Threads::find(UserId owner, ThreadId id) {
    const auto rows = co_await db_.query(find_sql, owner, id);
    if (rows.empty()) co_return not_found("chat");
    auto thread = read_thread(rows[0]);
    thread.version = rows[0].get<std::int32_t>(5);
    thread.temporary = rows[0].get<bool>(6);
    thread.only_materials = rows[0].get<bool>(7);
    co_return thread;
}

Task<Result<Thread>> Threads::find(UserId owner, ThreadId id, IfMatch condition) {
    auto thread = co_await find(owner, id);
    if (thread && !condition.allows(thread->version)) co_return stale();
    co_return thread;
}

Task<Result<Thread>> Threads::create(UserId owner, ThreadId id, ThreadInput input) {
    const auto materials = input.materials.value_or(std::vector<Uuid>());
    if (auto bad = co_await check_materials(owner, materials)) co_return *bad;
    const bool only = input.only_materials.value_or(false);
    const auto rows =
        co_await db_.query(create_sql, owner, id, input.title, materials, input.temporary, only);
    auto thread = read_thread(rows[0]);
    thread.temporary = input.temporary;
    thread.only_materials = only;
    co_return thread;
}

Task<Result<Thread>> Threads::change(UserId owner, ThreadId id, ThreadInput input, IfMatch condition) {
    // First whether it is there: whose materials exist must not show in another person's thread.
    auto found = co_await find(owner, id, condition);
    if (!found) co_return found.error();
    if (input.materials) {
        if (auto bad = co_await check_materials(owner, *input.materials)) co_return *bad;
    }
    const auto versions = condition.versions();
    const auto changed = co_await db_.query(change_sql, owner, id, input.title, input.materials, versions,
                                            input.only_materials);
    if (changed.empty()) co_return co_await gone_or_stale(owner, id);
    co_return co_await find(owner, id);
}

Task<Result<void>> Threads::remove(UserId owner, ThreadId id, IfMatch condition) {
    const auto versions = condition.versions();
    const auto removed = co_await db_.query(remove_sql, owner, id, versions);
    if (removed.affected() == 0) co_return co_await gone_or_stale(owner, id);
    co_return Result<void>();
}

/// Why a change of a thread with a condition has changed nothing.
Task<Error> Threads::gone_or_stale(UserId owner, ThreadId id) {
    auto found = co_await find(owner, id);
    if (found) co_return stale();
    co_return found.error();
}

Task<Result<Thread>> Threads::restore(UserId owner, ThreadId id) {
    co_await db_.query(restore_sql, owner, id);
    co_return co_await find(owner, id);
}

Task<void> Threads::suggest_title(UserId owner, ThreadId id, std::string title) {
    co_await db_.query(suggest_title_sql, owner, id, utf8::prefix(title, 200));
}

Task<std::optional<Error>> Threads::check_materials(UserId owner, std::vector<Uuid> materials) {
    std::sort(materials.begin(), materials.end());
    materials.erase(std::unique(materials.begin(), materials.end()), materials.end());
    if (materials.empty()) co_return std::nullopt;
    const auto rows = co_await db_.query(count_materials_sql, owner, materials);
    if (rows[0].get<std::int64_t>(0) == static_cast<std::int64_t>(materials.size())) co_return std::nullopt;
    co_return bad_field("#/materialIds", "names a material that does not exist");
}

Task<std::int64_t> purge_deleted_of_any_owner(db::Database& db, std::chrono::seconds age, int limit) {
    const Time before = now() - age;
    const auto rows = co_await db.query(purge_sql, before, limit);
    co_return rows.affected();
}

Task<std::int64_t> purge_temporary_of_any_owner(db::Database& db, std::chrono::seconds age, int limit) {
    const Time before = now() - age;
    const auto rows = co_await db.query(purge_temporary_sql, before, limit);
    co_return rows.affected();
}

}  // namespace bb::tutor
