#include "features/accounts/identities.hpp"

#include "features/accounts/entrance.hpp"
#include "features/accounts/joining.hpp"
#include "services/audit/audit.hpp"

namespace bb::accounts {
namespace {

constexpr const char* turn_sql = "SELECT pg_advisory_xact_lock(7304, hashtext($1))";
constexpr const char* list_sql =
    "SELECT provider, login, created_at, last_used_at FROM identities WHERE user_id = $1 ORDER BY provider";
constexpr const char* unlink_sql = "DELETE FROM identities WHERE user_id = $1 AND provider = $2";
constexpr const char* link_sql =
    "INSERT INTO identities (id, user_id, provider, subject, login) VALUES ($1, $2, 'github', $3, $4) "
    "ON CONFLICT DO NOTHING";
constexpr const char* holder_sql =
    "SELECT user_id FROM identities WHERE provider = 'github' AND subject = $1";
constexpr const char* touch_sql =
    "UPDATE identities SET login = $2, last_used_at = now() WHERE provider = 'github' AND subject = $1 "
    "RETURNING user_id";

}  // namespace

Task<std::vector<Identity>> Identities::list(UserId owner) {
    const auto rows = co_await db_.query(list_sql, owner);
    std::vector<Identity> identities;
    for (const auto& row : rows)
        identities.push_back(
            {row.get<std::string>(0), row.get<std::string>(1), row.get<Time>(2), row.get<Time>(3)});
    co_return identities;
}

Task<Result<void>> Identities::unlink(UserId owner, std::string provider, audit::Origin origin) {
    auto work = [&](db::Transaction& tx) -> Task<Result<void>> {
        const auto rows = co_await tx.query(unlink_sql, owner, provider);
        if (rows.affected() == 0)
            co_return Error(ErrorCode::not_found, "No account of this kind is linked to yours.");
        audit::Entry entry{origin, "identity.unlinked", "person", owner.text()};
        co_await audit::append(tx, std::move(entry));
        co_return Result<void>();
    };
    co_return co_await db_.transaction(work);
}

Task<bool> join(db::Transaction& tx, UserId owner, const GithubAccount& account) {
    const auto id = Uuid::make();
    const auto made = co_await tx.query(link_sql, id, owner, account.subject, account.login);
    if (made.affected() == 1) co_return true;
    const auto rows = co_await tx.query(holder_sql, account.subject);
    co_return !rows.empty() && rows[0].get<UserId>(0) == owner;
}

Task<void> note_link(db::Transaction& tx, UserId owner, const Client& client) {
    audit::Entry entry{
        {owner.value, false, client.network, client.request_id}, "identity.linked", "person", owner.text()};
    co_await audit::append(tx, std::move(entry));
}

Task<void> take_turn(db::Transaction& tx, const GithubAccount& account) {
    co_await tx.query(turn_sql, account.subject);
}

Task<std::optional<UserId>> recognise(db::Transaction& tx, const GithubAccount& account) {
    const auto rows = co_await tx.query(touch_sql, account.subject, account.login);
    if (rows.empty()) co_return std::nullopt;
    co_return rows[0].get<UserId>(0);
}

Task<std::optional<GithubProblem>> Identities::link(UserId owner, GithubAccount account,
                                                    audit::Origin origin) {
    auto work = [&](db::Transaction& tx) -> Task<std::optional<GithubProblem>> {
        co_await take_turn(tx, account);
        const bool joined = co_await join(tx, owner, account);
        if (joined) {
            audit::Entry entry{origin, "identity.linked", "person", owner.text()};
            co_await audit::append(tx, std::move(entry));
            co_return std::nullopt;
        }
        const auto holder = co_await tx.query(holder_sql, account.subject);
        co_return holder.empty() ? GithubProblem::other : GithubProblem::taken;
    };
    co_return co_await db_.transaction(work);
}

Task<std::optional<Result<NewSession>>> Identities::enter(GithubAccount account, Client client) {
    auto work = [&](db::Transaction& tx) -> Task<std::optional<Result<NewSession>>> {
        co_await take_turn(tx, account);
        const auto user = co_await recognise(tx, account);
        if (!user) co_return std::nullopt;
        auto session = co_await let_in(tx, *user, client, "github");
        co_return session;
    };
    co_return co_await db_.transaction(work);
}

}  // namespace bb::accounts
