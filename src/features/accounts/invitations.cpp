#include "features/accounts/invitations.hpp"

#include "base/core/crypto.hpp"
#include "base/core/json_writer.hpp"

namespace bb::accounts {
namespace {

// One at a time for an address, as for codes.
constexpr const char* lock_address_sql = "SELECT pg_advisory_xact_lock(7301, hashtext($1))";
constexpr const char* has_account_sql = "SELECT EXISTS (SELECT FROM users WHERE email = $1)";
constexpr const char* replace_sql =
    "UPDATE invitations SET revoked_at = now() WHERE email = $1 AND accepted_at IS NULL AND revoked_at IS "
    "NULL";
constexpr const char* create_sql =
    "INSERT INTO invitations AS i (id, email, role, language, token_hash, invited_by, expires_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, now() + interval '7 days') RETURNING i.id, i.email, i.role, i.language, "
    "'open', (SELECT email FROM users WHERE id = i.invited_by), i.created_at, i.expires_at";
#define INVITATION                                                                                         \
    "SELECT i.id, i.email, i.role, i.language, CASE WHEN accepted_at IS NOT NULL THEN 'accepted' "         \
    "WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= now() THEN 'expired' ELSE 'open' END, " \
    "u.email, i.created_at, i.expires_at FROM invitations i LEFT JOIN users u ON u.id = i.invited_by "
constexpr const char* find_sql = INVITATION "WHERE i.id = $1";
constexpr const char* list_invitations_sql =
    INVITATION "WHERE $1::uuid IS NULL OR i.id < $1 ORDER BY i.id DESC LIMIT $2";
constexpr const char* revoke_sql =
    "UPDATE invitations SET revoked_at = now() WHERE id = $1 AND accepted_at IS NULL AND revoked_at IS NULL "
    "AND expires_at > now()";

Invitation read(const db::Row& row) {
    return {row.get<InvitationId>(0), row.get<std::string>(1), row.get<std::string>(2),
            row.get<std::string>(3),  row.get<std::string>(4), row.get<std::optional<std::string>>(5),
            row.get<Time>(6),         row.get<Time>(7)};
}

}  // namespace

Task<Result<SentInvitation>> Invitations::create(InvitationId id, NewInvitation wanted,
                                                 audit::Origin origin) {
    const auto token = crypto::random_token();
    const auto hash = crypto::sha256(token);
    auto work = [&](db::Transaction& tx) -> Task<Result<SentInvitation>> {
        co_await tx.query(lock_address_sql, wanted.email);
        const auto known = co_await tx.query(has_account_sql, wanted.email);
        if (known[0].get<bool>(0))
            co_return Error(ErrorCode::conflict, "An account with this address exists already.",
                            std::vector<FieldError>(1, FieldError{"#/email", "has an account already"}));
        co_await tx.query(replace_sql, wanted.email);
        const auto rows = co_await tx.query(create_sql, id, wanted.email, wanted.role, wanted.language, hash,
                                            origin.person);
        audit::Entry entry{origin, "invitation.created", "invitation", id.text()};
        entry.details = JsonWriter().object().field("role", wanted.role).end().take();
        co_await audit::append(tx, std::move(entry));
        SentInvitation sent{read(rows[0]), token};
        co_return sent;
    };
    co_return co_await db_.transaction(work);
}

Task<std::optional<Invitation>> Invitations::find(InvitationId id) {
    const auto rows = co_await db_.query(find_sql, id);
    if (rows.empty()) co_return std::nullopt;
    co_return read(rows[0]);
}

Task<InvitationPage> Invitations::list(int limit, std::optional<InvitationId> after) {
    const auto rows = co_await db_.query(list_invitations_sql, after, limit + 1);
    InvitationPage page;
    page.more = rows.size() > limit;
    for (int i = 0; i < std::min(rows.size(), limit); ++i) page.invitations.push_back(read(rows[i]));
    co_return page;
}

Task<Result<void>> Invitations::revoke(InvitationId id, audit::Origin origin) {
    auto work = [&](db::Transaction& tx) -> Task<Result<void>> {
        const auto rows = co_await tx.query(revoke_sql, id);
        if (rows.affected() == 0) co_return not_found("open invitation");
        audit::Entry entry{origin, "invitation.revoked", "invitation", id.text()};
        co_await audit::append(tx, std::move(entry));
        co_return Result<void>();
    };
    co_return co_await db_.transaction(work);
}

}  // namespace bb::accounts
