#include "features/materials/subjects.hpp"

#include "base/core/utf8.hpp"
#include "features/materials/text/fold.hpp"

namespace bb::materials {
namespace {

#define BB_SUBJECT_COLUMNS                                                                                   \
    "s.id, s.name, (SELECT count(*) FROM materials m WHERE m.owner_id = s.owner_id AND m.subject_id = s.id " \
    "AND m.deleted_at IS NULL), s.created_at, s.updated_at, s.version, s.name_key "

constexpr const char* list_sql = "SELECT " BB_SUBJECT_COLUMNS
                                 "FROM subjects s WHERE s.owner_id = $1 AND ($2::text IS NULL OR s.name_key "
                                 "> $2) ORDER BY s.name_key LIMIT $3";
constexpr const char* find_sql =
    "SELECT " BB_SUBJECT_COLUMNS "FROM subjects s WHERE s.owner_id = $1 AND s.id = $2";
constexpr const char* lock_sql = "SELECT version FROM subjects WHERE owner_id = $1 AND id = $2 FOR UPDATE";
constexpr const char* create_sql =
    "INSERT INTO subjects (id, owner_id, name, name_key) VALUES ($2, $1, $3, $4)";
constexpr const char* rename_sql =
    "UPDATE subjects SET name = $3, name_key = $4, version = version + 1, updated_at = now() "
    "WHERE owner_id = $1 AND id = $2";
constexpr const char* remove_sql = "DELETE FROM subjects WHERE owner_id = $1 AND id = $2";
constexpr const char* named_sql =
    "INSERT INTO subjects AS s (id, owner_id, name, name_key) VALUES ($2, $1, $3, $4) "
    "ON CONFLICT (owner_id, name_key) DO UPDATE SET name = s.name RETURNING id";

#undef BB_SUBJECT_COLUMNS

Subject read_subject(const db::Row& row) {
    Subject subject;
    subject.id = row.get<SubjectId>(0);
    subject.name = row.get<std::string>(1);
    subject.materials = row.get<std::int64_t>(2);
    subject.created_at = row.get<Time>(3);
    subject.updated_at = row.get<Time>(4);
    subject.version = row.get<std::int32_t>(5);
    return subject;
}

Error name_taken() {
    Error error = bad_field("#/name", "is the name of another subject of yours");
    error.code = ErrorCode::conflict;
    error.detail = "You already have a subject with this name.";
    return error;
}

/// The version of a locked row that exists and fits.
Task<Result<>> check(db::Transaction& tx, UserId owner, SubjectId id, http::IfMatch condition) {
    const auto rows = co_await tx.query(lock_sql, owner, id);
    if (rows.empty()) co_return not_found("subject");
    if (!condition.allows(rows[0].get<std::int32_t>(0))) co_return http::stale();
    co_return Result<>();
}

Result<std::string> text_of_hex(const std::string& hex) {
    const auto digit = [](char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    std::string text;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        const int high = digit(hex[i]);
        const int low = i + 1 < hex.size() ? digit(hex[i + 1]) : -1;
        if (high < 0 || low < 0) return bad_field("?after", "is not a cursor of this list");
        text += static_cast<char>(high << 4 | low);
    }
    if (!utf8::valid(text) || utf8::has_controls(text))
        return bad_field("?after", "is not a cursor of this list");
    return text;
}

}  // namespace

Task<Result<Page<Subject>>> Subjects::list(UserId owner, http::PageQuery page) {
    std::optional<std::string> after;
    if (page.after) {
        auto key = text_of_hex(*page.after);
        if (!key) co_return key.error();
        after = std::move(*key);
    }
    std::vector<Subject> subjects;
    for (const auto row : co_await db_.query(list_sql, owner, after, page.limit + 1))
        subjects.push_back(read_subject(row));
    co_return page_of(std::move(subjects), page.limit,
                      [](const Subject& last) { return crypto::hex(text::name_key(last.name)); });
}

Task<Result<Subject>> Subjects::find(UserId owner, SubjectId id) {
    const auto rows = co_await db_.query(find_sql, owner, id);
    if (rows.empty()) co_return not_found("subject");
    co_return read_subject(rows[0]);
}

Task<Result<Subject>> Subjects::create(UserId owner, SubjectId id, std::string name) {
    const std::string key = text::name_key(name);
    bool taken = false;
    try {
        co_await db_.query(create_sql, owner, id, name, key);
    } catch (const db::UniqueViolation& clash) {
        if (clash.constraint() != "subjects_owner_name_key") throw;
        taken = true;
    }
    if (taken) co_return name_taken();
    co_return co_await find(owner, id);
}

Task<Result<Subject>> Subjects::rename(UserId owner, SubjectId id, std::string name,
                                       http::IfMatch condition) {
    const std::string key = text::name_key(name);
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        auto fits = co_await check(tx, owner, id, condition);
        if (fits) co_await tx.query(rename_sql, owner, id, name, key);
        co_return fits;
    };
    bool taken = false;
    try {
        auto done = co_await db_.transaction(work);
        if (!done) co_return done.error();
    } catch (const db::UniqueViolation& clash) {
        if (clash.constraint() != "subjects_owner_name_key") throw;
        taken = true;
    }
    if (taken) co_return name_taken();
    co_return co_await find(owner, id);
}

Task<Result<>> Subjects::remove(UserId owner, SubjectId id, http::IfMatch condition) {
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        auto fits = co_await check(tx, owner, id, condition);
        if (fits) co_await tx.query(remove_sql, owner, id);
        co_return fits;
    };
    co_return co_await db_.transaction(work);
}

Task<SubjectId> subject_named(db::Transaction& tx, UserId owner, const std::string& name) {
    const std::string key = text::name_key(name);
    const auto rows = co_await tx.query(named_sql, owner, SubjectId::make(), name, key);
    co_return rows[0].get<SubjectId>(0);
}

}  // namespace bb::materials
