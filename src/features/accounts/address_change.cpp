#include "features/accounts/address_change.hpp"

#include "base/core/json_writer.hpp"
#include "features/accounts/secrets.hpp"
#include "features/accounts/sessions.hpp"
#include "services/mail/queue.hpp"

namespace bb::accounts {
namespace {

constexpr const char* person_sql = "SELECT email, language FROM users WHERE id = $1 FOR NO KEY UPDATE";
constexpr const char* ask_sql =
    "INSERT INTO address_changes (user_id, email, code_hash, expires_at) "
    "VALUES ($1, $2, $3, now() + interval '10 minutes') "
    "ON CONFLICT (user_id) DO UPDATE SET email = $2, code_hash = $3, attempts = 0, created_at = now(), "
    "expires_at = now() + interval '10 minutes'";
constexpr const char* asked_sql =
    "SELECT email FROM address_changes WHERE user_id = $1 AND expires_at > now()";
constexpr const char* open_sql =
    "SELECT email, code_hash FROM address_changes WHERE user_id = $1 AND attempts < 5 AND expires_at > now() "
    "FOR UPDATE";
constexpr const char* count_try_sql = "UPDATE address_changes SET attempts = attempts + 1 WHERE user_id = $1";
constexpr const char* change_sql =
    "UPDATE users SET email = $2, updated_at = now(), version = version + 1 WHERE id = $1";
constexpr const char* close_sql = "DELETE FROM address_changes WHERE user_id = $1";
// Codes for the old address would make a new account of it, or open whoever has it next.
constexpr const char* use_up_codes_sql =
    "UPDATE sign_in_codes SET used_at = now() WHERE email = $1 AND used_at IS NULL";
// Nobody is left to whom these would say anything.
constexpr const char* forget_old_sql = "DELETE FROM bouncing_addresses WHERE address = $1";
constexpr const char* end_others_sql =
    "DELETE FROM sessions WHERE user_id = $1 AND id <> $2 RETURNING token_hash";

crypto::Digest hash_of(std::string_view secret, std::string_view email, std::string_view code) {
    std::string data = "address code\n";
    data.append(email).append("\n").append(code);
    return crypto::hmac_sha256(secret, data);
}

/// To the old address, whatever becomes the person's.
mail::Notice notice_of(UserId owner, std::string old_address, std::string kind, std::string language) {
    mail::Notice notice{owner.value, std::move(old_address), std::move(kind), std::move(language)};
    notice.payload = JsonWriter().object().field("at", now()).end().take();
    return notice;
}

Error wrong_change_code() {
    return bad_field("#/code", "This code is wrong, used or out of date. Ask for a new one.");
}

/// The rest of a change whose code was right.
Task<std::vector<crypto::Digest>> carry_out(db::Transaction& tx, UserId owner, SessionId kept,
                                            std::string email, audit::Origin origin) {
    const auto before = co_await tx.query(person_sql, owner);
    const auto old_address = before[0].get<std::string>(0);
    co_await tx.query(change_sql, owner, email);
    co_await tx.query(close_sql, owner);
    co_await tx.query(use_up_codes_sql, old_address);
    co_await tx.query(forget_old_sql, old_address);
    const auto rows = co_await tx.query(end_others_sql, owner, kept);
    std::vector<crypto::Digest> ended;
    for (const auto& row : rows) ended.push_back(row.get<crypto::Digest>(0));
    co_await mail::enqueue(tx,
                           notice_of(owner, old_address, "address_changed", before[0].get<std::string>(1)));
    audit::Entry entry{std::move(origin), "address.changed", "person", owner.text()};
    co_await audit::append(tx, std::move(entry));
    co_return ended;
}

}  // namespace

Task<Result<AskedAddress>> AddressChanges::ask(UserId owner, std::string email, audit::Origin origin) {
    AskedAddress asked{crypto::random_digits(6), {}};
    auto work = [&](db::Transaction& tx) -> Task<Result<AskedAddress>> {
        const auto person = co_await tx.query(person_sql, owner);
        if (person.empty()) co_return not_found("account");
        const auto old_address = person[0].get<std::string>(0);
        if (old_address == email) co_return bad_field("#/email", "This is your address already.");
        asked.language = person[0].get<std::string>(1);
        co_await tx.query(ask_sql, owner, email, hash_of(secret_, email, asked.code));
        co_await mail::enqueue(tx, notice_of(owner, old_address, "address_asked", asked.language));
        audit::Entry entry{origin, "address.change_asked", "person", owner.text()};
        co_await audit::append(tx, std::move(entry));
        co_return asked;
    };
    co_return co_await db_.transaction(work);
}

Task<std::string> AddressChanges::asked(UserId owner) {
    const auto rows = co_await db_.query(asked_sql, owner);
    co_return rows.empty() ? std::string() : rows[0].get<std::string>(0);
}

Task<Result<std::vector<crypto::Digest>>> AddressChanges::confirm(UserId owner, SessionId kept,
                                                                  std::string code, audit::Origin origin) {
    using Ended = std::vector<crypto::Digest>;
    auto work = [&](db::Transaction& tx) -> Task<Result<Ended>> {
        const auto person = co_await tx.query(person_sql, owner);  // first, as ask() does
        const auto rows = co_await tx.query(open_sql, owner);
        if (person.empty() || rows.empty()) co_return wrong_change_code();
        const auto email = rows[0].get<std::string>(0);
        const auto wanted = hash_of(secret_, email, code);
        if (rows[0].get<crypto::Digest>(1) != wanted) {
            co_await tx.query(count_try_sql, owner);
            co_return wrong_change_code();
        }
        auto ended = co_await carry_out(tx, owner, kept, email, origin);
        co_return ended;
    };
    try {
        co_return co_await db_.transaction(work);
    } catch (const db::UniqueViolation& clash) {
        if (clash.constraint() != "users_email_key") throw;
    }
    co_return Error(ErrorCode::conflict, "This address has an account of its own. Nothing was changed.");
}

}  // namespace bb::accounts
