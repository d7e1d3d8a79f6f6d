#include "features/accounts/privacy/erasure.hpp"

#include "base/core/json_writer.hpp"
#include "base/core/log.hpp"

namespace bb::accounts {
namespace {

// The same lock as of changes of roles: two administrators must not both leave as the last but one.
constexpr const char* lock_administrators_sql = "SELECT pg_advisory_xact_lock(7302, 0)";
constexpr const char* find_erasure_sql =
    "SELECT role = 'administrator' AND suspended_at IS NULL AND NOT EXISTS (SELECT FROM users o "
    "WHERE o.role = 'administrator' AND o.suspended_at IS NULL AND o.erase_at IS NULL AND o.id <> $1), "
    "erase_at FROM users WHERE id = $1 FOR NO KEY UPDATE";
constexpr const char* mark_sql =
    "UPDATE users SET erase_at = now() + make_interval(days => $2) WHERE id = $1 RETURNING erase_at";
constexpr const char* end_sessions_sql = "DELETE FROM sessions WHERE user_id = $1";
constexpr const char* withdraw_sql =
    "UPDATE invitations SET revoked_at = now() WHERE invited_by = $1 AND accepted_at IS NULL AND revoked_at "
    "IS "
    "NULL";
constexpr const char* due_sql =
    "SELECT id FROM users WHERE erase_at <= clock_timestamp() ORDER BY erase_at LIMIT 100";
// What knows the person by another thing than their id.
constexpr const char* codes_sql =
    "DELETE FROM sign_in_codes WHERE email = (SELECT email FROM users WHERE id = $1)";
constexpr const char* invitations_sql =
    "DELETE FROM invitations WHERE email = (SELECT email FROM users WHERE id = $1)";
constexpr const char* bounces_sql =
    "DELETE FROM bouncing_addresses WHERE address IN (SELECT email FROM users WHERE id = $1 "
    "UNION SELECT email FROM address_changes WHERE user_id = $1)";
constexpr const char* mails_sql =
    "DELETE FROM mail_queue WHERE address = (SELECT email FROM users WHERE id = $1)";
constexpr const char* subscriber_sql =
    "DELETE FROM status_subscribers WHERE email = (SELECT email FROM users WHERE id = $1)";
constexpr const char* told_sql =
    "DELETE FROM alarm_messages WHERE target = (SELECT email FROM users WHERE id = $1)";
constexpr const char* answered_sql =
    "UPDATE incidents SET acknowledged_by = 'somebody' WHERE acknowledged_by = $1::uuid::text";
constexpr const char* acted_sql =
    "UPDATE incident_events SET actor = 'somebody' WHERE actor = $1::uuid::text";
constexpr const char* claims_sql =
    "DELETE FROM identity_claims c USING users u WHERE u.id = $1 AND (c.email = u.email OR EXISTS "
    "(SELECT FROM identities i WHERE i.user_id = u.id AND i.provider = c.provider AND i.subject = "
    "c.subject))";
constexpr const char* is_there_sql = "SELECT FROM users WHERE id = $1";
constexpr const char* erase_sql = "DELETE FROM users WHERE id = $1";

/// Locks the account. Errors: not_found, conflict for the last administrator. The time is when it goes.
Task<Result<std::optional<Time>>> lock(db::Transaction& tx, UserId owner) {
    co_await tx.query(lock_administrators_sql);
    const auto rows = co_await tx.query(find_erasure_sql, owner);
    if (rows.empty()) co_return not_found("account");
    if (rows[0].get<bool>(0))
        co_return Error(ErrorCode::conflict,
                        "This is the last administrator. Make somebody else administrator first.");
    co_return rows[0].get<std::optional<Time>>(1);
}

/// Sets when the account goes and ends its sessions.
Task<Time> mark(db::Transaction& tx, UserId owner, int days) {
    const auto rows = co_await tx.query(mark_sql, owner, days);
    const auto at = rows[0].get<Time>(0);
    co_await tx.query(end_sessions_sql, owner);
    co_await tx.query(withdraw_sql, owner);
    co_return at;
}

/// Removes everything of somebody whom nobody lets in any more.
Task<void> remove_person(Keeping& keeping, UserId owner, audit::Origin origin) {
    for (auto* part : keeping.parts) co_await part->erase(keeping.db, owner.value);
    auto last = [&](db::Transaction& tx) -> Task<void> {
        co_await tx.query(codes_sql, owner);
        co_await tx.query(invitations_sql, owner);
        co_await tx.query(claims_sql, owner);
        co_await tx.query(bounces_sql, owner);
        co_await tx.query(mails_sql, owner);
        for (const auto* sql : {subscriber_sql, told_sql, answered_sql, acted_sql})
            co_await tx.query(sql, owner);
        const auto gone = co_await tx.query(erase_sql, owner);
        if (gone.affected() == 0) co_return;  // another node was quicker
        audit::Entry entry{origin, "account.erased", "person", owner.text()};
        co_await audit::append(tx, std::move(entry));
    };
    co_await keeping.db.transaction(last);
}

}  // namespace

Task<Result<Time>> request_erasure(db::Database& db, UserId owner, audit::Origin origin) {
    auto work = [&](db::Transaction& tx) -> Task<Result<Time>> {
        const auto before = co_await lock(tx, owner);
        if (!before) co_return before.error();
        if (*before) co_return **before;
        const auto at = co_await mark(tx, owner, days_to_erasure);
        audit::Entry entry{origin, "account.erasure_requested", "person", owner.text()};
        entry.details = JsonWriter().object().field("eraseAt", at).end().take();
        co_await audit::append(tx, std::move(entry));
        co_return at;
    };
    co_return co_await db.transaction(work);
}

Task<Result<void>> erase_person(Keeping& keeping, UserId owner, audit::Origin origin) {
    // Nobody comes in any more from here on: see begin_session() and admit().
    auto claim = [&](db::Transaction& tx) -> Task<Result<void>> {
        const auto before = co_await lock(tx, owner);
        if (!before) co_return before.error();
        co_await mark(tx, owner, 0);
        co_return Result<void>();
    };
    auto claimed = co_await keeping.db.transaction(claim);
    if (claimed) co_await remove_person(keeping, owner, std::move(origin));
    co_return claimed;
}

Task<void> erase_again(Keeping& keeping, UserId owner, audit::Origin origin) {
    const auto rows = co_await keeping.db.query(is_there_sql, owner);
    if (!rows.empty()) co_await remove_person(keeping, owner, std::move(origin));
}

Task<void> erase_due(Keeping& keeping) {
    const auto rows = co_await keeping.db.query(due_sql);
    for (const auto row : rows) {
        const auto owner = row.get<UserId>(0);
        audit::Origin origin;
        origin.person = owner.value;
        // One that cannot go now holds up no other.
        try {
            const auto done = co_await erase_person(keeping, owner, std::move(origin));
            if (!done)
                log::warn("an account is not erased",
                          {{"user", owner.text()}, {"reason", done.error().detail}});
        } catch (const std::exception& failure) {
            log::warn("an account is not erased", {{"user", owner.text()}, {"reason", failure.what()}});
        }
    }
}

}  // namespace bb::accounts
