#include "features/accounts/entrance.hpp"

#include "base/core/json_writer.hpp"
#include "features/accounts/admission.hpp"
#include "features/accounts/notices.hpp"
#include "services/audit/audit.hpp"

namespace bb::accounts {
namespace {

// Locked, so that nobody is suspended between this look and the session that follows.
constexpr const char* state_sql =
    "SELECT suspended_at IS NOT NULL OR coalesce(erase_at <= clock_timestamp(), false) FROM users "
    "WHERE id = $1 FOR NO KEY UPDATE";

audit::Entry entry_of(const Admitted& who, const Client& client, std::string_view method) {
    audit::Origin origin{who.user.value, false, client.network, client.request_id};
    audit::Entry entry{std::move(origin), "sign_in.succeeded", "person", who.user.text()};
    JsonWriter json;
    json.object().field("method", method).field("newAccount", who.created);
    if (who.invitation) json.field("invitation", *who.invitation);
    entry.details = json.end().take();
    return entry;
}

}  // namespace

Task<Result<NewSession>> let_in(db::Transaction& tx, std::string email, std::string language,
                                std::string name, Client client, std::string_view method) {
    const auto who = co_await admit(tx, email, std::move(language), std::move(name));
    if (!who) co_return who.error();
    auto session = co_await begin_session(tx, who->user, client);
    co_await note_device(tx, who->user, client);
    co_await audit::append(tx, entry_of(*who, client, method));
    session.proved_email = std::move(email);
    co_return session;
}

Task<Result<NewSession>> let_in(db::Transaction& tx, UserId person, Client client, std::string_view method) {
    const auto rows = co_await tx.query(state_sql, person);
    if (rows.empty() || rows[0].get<bool>(0))
        co_return Error(ErrorCode::suspended, "This account is suspended. Ask your administrator.");
    auto session = co_await begin_session(tx, person, client);
    co_await note_device(tx, person, client);
    const Admitted who{person};
    co_await audit::append(tx, entry_of(who, client, method));
    co_return session;
}

}  // namespace bb::accounts
