#include "features/accounts/admission.hpp"

#include "base/core/address.hpp"

namespace bb::accounts {
namespace {

// Locked, so that nobody is suspended between this look and the session that follows.
constexpr const char* find_address_sql =
    "SELECT id, suspended_at IS NOT NULL, erase_at <= clock_timestamp() FROM users WHERE email = $1 "
    "FOR NO KEY UPDATE";
constexpr const char* take_invitation_sql =
    "UPDATE invitations SET accepted_at = now() WHERE email = $1 AND accepted_at IS NULL "
    "AND revoked_at IS NULL AND expires_at > now() RETURNING id, role";
constexpr const char* policy_allows_sql =
    "SELECT sign_up = 'open' OR (sign_up = 'domains' AND split_part($1, '@', 2) = ANY(domains)) "
    "FROM sign_up_policy";
constexpr const char* create_sql =
    "INSERT INTO users (id, email, name, role, language) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (email) DO NOTHING";

/// Makes the account, or says why not. Somebody else may have been quicker: then nothing is made.
Task<Result<Admitted>> create(db::Transaction& tx, std::string email, std::string language,
                              std::string name) {
    Admitted made{UserId::make()};
    std::string role = "student";
    const auto invited = co_await tx.query(take_invitation_sql, email);
    if (!invited.empty()) {
        made.invitation = invited[0].get<Uuid>(0);
        role = invited[0].get<std::string>(1);
    } else {
        const auto allowed = co_await tx.query(policy_allows_sql, email);
        if (allowed.empty() || !allowed[0].get<bool>(0))
            co_return Error(
                ErrorCode::sign_up_closed,
                "There is no account for this address. Ask your administrator for an invitation.");
    }
    if (name.empty()) name = name_from_address(email);
    const auto rows = co_await tx.query(create_sql, made.user, email, name, role, language);
    made.created = rows.affected() == 1;
    co_return made;
}

}  // namespace

Task<Result<Admitted>> admit(db::Transaction& tx, std::string email, std::string language, std::string name) {
    auto rows = co_await tx.query(find_address_sql, email);
    Admitted admitted{};
    if (rows.empty()) {
        auto made = co_await create(tx, email, std::move(language), std::move(name));
        if (!made) co_return made.error();
        admitted = *made;
        rows = co_await tx.query(find_address_sql, email);
    }
    if (rows[0].get<bool>(1))
        co_return Error(ErrorCode::suspended, "This account is suspended. Ask your administrator.");
    if (rows[0].get<std::optional<bool>>(2).value_or(false))
        co_return Error(ErrorCode::suspended, "This account is being deleted.");
    admitted.user = rows[0].get<UserId>(0);
    co_return admitted;
}

}  // namespace bb::accounts
