#include "features/accounts/administration.hpp"

#include "base/core/json_writer.hpp"
#include "features/accounts/people.hpp"

namespace bb::accounts {
namespace {

constexpr const char* list_sql =
    "SELECT " BB_USER_COLUMNS
    ", (SELECT coalesce(sum(bytes), 0)::bigint FROM files WHERE owner_id = u.id) FROM users u "
    "WHERE ($1 = '' OR position(lower($1) IN lower(u.name)) > 0 OR position(lower($1) IN u.email) > 0) "
    "AND ($2::text IS NULL OR u.role = $2) "
    "AND ($3::boolean IS NULL OR (u.suspended_at IS NOT NULL) = $3) "
    "AND ($4::uuid IS NULL OR u.id < $4) ORDER BY u.id DESC LIMIT $5";
constexpr const char* find_sql =
    "SELECT " BB_USER_COLUMNS
    ", (SELECT coalesce(sum(bytes), 0)::bigint FROM files WHERE owner_id = u.id), "
    "(SELECT count(*) FROM sessions WHERE user_id = u.id AND expires_at > now()), "
    "(SELECT count(*) FROM materials WHERE owner_id = u.id AND deleted_at IS NULL), "
    "(SELECT count(*) FROM files WHERE owner_id = u.id AND deleted_at IS NULL), "
    "(SELECT count(*) FROM threads WHERE owner_id = u.id AND deleted_at IS NULL) "
    "FROM users u WHERE u.id = $1";
constexpr const char* totals_sql =
    "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM users WHERE suspended_at IS NOT NULL), "
    "(SELECT count(*) FROM materials WHERE deleted_at IS NULL), "
    "(SELECT count(*) FROM files WHERE deleted_at IS NULL), "
    "(SELECT coalesce(sum(bytes), 0)::bigint FROM files), pg_database_size(current_database())";

// The same lock as setting up: two administrators must not take the role from each other at once.
constexpr const char* lock_administrators_sql = "SELECT pg_advisory_xact_lock(7302, 0)";
constexpr const char* lock_administered_sql =
    "SELECT role, suspended_at IS NOT NULL FROM users WHERE id = $1 FOR NO KEY UPDATE";
constexpr const char* other_administrators_sql =
    "SELECT EXISTS (SELECT FROM users WHERE role = 'administrator' AND suspended_at IS NULL AND erase_at IS "
    "NULL "
    "AND id <> $1)";
constexpr const char* change_person_sql =
    "UPDATE users SET role = $2, suspended_at = CASE WHEN $3 THEN coalesce(suspended_at, now()) END, "
    "updated_at = now(), version = version + 1 WHERE id = $1";
constexpr const char* end_sessions_sql = "DELETE FROM sessions WHERE user_id = $1";
constexpr const char* withdraw_sql =
    "UPDATE invitations SET revoked_at = now() WHERE invited_by = $1 AND accepted_at IS NULL AND revoked_at "
    "IS "
    "NULL";

PersonRow read_row(const db::Row& row) {
    return {read_user(row), row.get<std::int64_t>(9)};
}

PersonRecord read_record(const db::Row& row) {
    return {read_row(row), row.get<std::int64_t>(10), row.get<std::int64_t>(11), row.get<std::int64_t>(12),
            row.get<std::int64_t>(13)};
}

/// A person's standing before and after a change.
struct Standing {
    std::string role;
    bool suspended;

    bool administers() const { return role == "administrator" && !suspended; }
    bool operator==(const Standing&) const = default;
};

std::vector<audit::Entry> entries_of(const audit::Origin& origin, UserId person, const Standing& before,
                                     const Standing& after) {
    std::vector<audit::Entry> entries;
    if (before.role != after.role) {
        audit::Entry entry{origin, "person.role_changed", "person", person.text()};
        entry.details = JsonWriter().object().field("from", before.role).field("to", after.role).end().take();
        entries.push_back(std::move(entry));
    }
    if (before.suspended != after.suspended)
        entries.push_back(
            {origin, after.suspended ? "person.suspended" : "person.unsuspended", "person", person.text()});
    return entries;
}

Task<PersonRecord> record_of(db::Transaction& tx, UserId person) {
    const auto rows = co_await tx.query(find_sql, person);
    co_return read_record(rows[0]);
}

/// Stores what a person becomes, and ends their sessions.
Task<ChangedPerson> carry_out(db::Transaction& tx, UserId person, Standing after, audit::Origin origin,
                              Client client) {
    co_await tx.query(change_person_sql, person, after.role, after.suspended);
    co_await tx.query(end_sessions_sql, person);
    // Who may not invite any more has invited nobody who is not there yet.
    if (after.suspended || after.role != "administrator") co_await tx.query(withdraw_sql, person);
    ChangedPerson changed{};
    changed.ended_sessions = true;
    if (!after.suspended && origin.person == person.value)
        changed.session = co_await begin_session(tx, person, client);
    changed.record = co_await record_of(tx, person);
    co_return changed;
}

}  // namespace

std::string standing_mark(std::string_view role, bool suspended) {
    return http::mark_of(std::string(role) + (suspended ? " suspended" : " active"));
}

Task<PeoplePage> Administration::list(PeopleQuery query) {
    const auto rows =
        co_await db_.query(list_sql, query.words, query.role, query.suspended, query.after, query.limit + 1);
    PeoplePage page;
    page.more = rows.size() > query.limit;
    for (int i = 0; i < std::min(rows.size(), query.limit); ++i) page.people.push_back(read_row(rows[i]));
    co_return page;
}

Task<Result<PersonRecord>> Administration::view(UserId person, audit::Origin origin) {
    auto work = [&](db::Transaction& tx) -> Task<Result<PersonRecord>> {
        const auto rows = co_await tx.query(find_sql, person);
        if (rows.empty()) co_return not_found("person");
        audit::Entry entry{origin, "person.viewed", "person", person.text()};
        co_await audit::append(tx, std::move(entry));
        co_return read_record(rows[0]);
    };
    co_return co_await db_.transaction(work);
}

Task<Result<ChangedPerson>> Administration::change(UserId person, PersonChange change,
                                                   http::IfMatch condition, audit::Origin origin,
                                                   Client client) {
    auto work = [&](db::Transaction& tx) -> Task<Result<ChangedPerson>> {
        co_await tx.query(lock_administrators_sql);
        const auto rows = co_await tx.query(lock_administered_sql, person);
        if (rows.empty()) co_return not_found("person");
        const Standing before{rows[0].get<std::string>(0), rows[0].get<bool>(1)};
        if (!condition.allows(standing_mark(before.role, before.suspended))) co_return http::stale();
        const Standing after{change.role.value_or(before.role), change.suspended.value_or(before.suspended)};
        ChangedPerson changed{};
        if (before == after) {
            changed.record = co_await record_of(tx, person);
            co_return changed;
        }
        if (before.administers() && !after.administers()) {
            const auto others = co_await tx.query(other_administrators_sql, person);
            if (!others[0].get<bool>(0))
                co_return Error(ErrorCode::conflict,
                                "This is the last administrator. Make somebody else administrator first.");
        }
        changed = co_await carry_out(tx, person, after, origin, client);
        for (auto& entry : entries_of(origin, person, before, after))
            co_await audit::append(tx, std::move(entry));
        co_return changed;
    };
    co_return co_await db_.transaction(work);
}

Task<StorageTotals> Administration::storage() {
    const auto rows = co_await db_.query(totals_sql);
    const auto row = rows[0];
    co_return StorageTotals{row.get<std::int64_t>(0), row.get<std::int64_t>(1), row.get<std::int64_t>(2),
                            row.get<std::int64_t>(3), row.get<std::int64_t>(4), row.get<std::int64_t>(5)};
}

}  // namespace bb::accounts
