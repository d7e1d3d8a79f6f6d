#include "features/accounts/passkeys.hpp"

#include "features/accounts/people.hpp"
#include "features/accounts/recovery_codes.hpp"

namespace bb::accounts {
namespace {

constexpr const char* list_sql =
    "SELECT id, name, site, created_at, last_used_at FROM passkeys WHERE user_id = $1 ORDER BY id LIMIT 200";
constexpr const char* find_sql =
    "SELECT id, name, site, created_at, last_used_at FROM passkeys WHERE user_id = $1 AND id = $2";
constexpr const char* lock_owner_sql =
    "SELECT id, name, site, created_at, last_used_at FROM passkeys WHERE user_id = $1 AND id = $2 FOR UPDATE";
constexpr const char* rename_sql =
    "UPDATE passkeys SET name = $3 WHERE user_id = $1 AND id = $2 "
    "RETURNING id, name, site, created_at, last_used_at";
constexpr const char* remove_sql = "DELETE FROM passkeys WHERE user_id = $1 AND id = $2";
constexpr const char* person_sql = "SELECT email, name FROM users WHERE id = $1";
constexpr const char* existing_sql =
    "SELECT credential_id, transports FROM passkeys WHERE user_id = $1 AND site = $2 LIMIT 200";
constexpr const char* open_for_session_sql =
    "INSERT INTO passkey_challenges (challenge_hash, origin, session_id, expires_at) "
    "VALUES ($1, $2, $3, now() + interval '5 minutes')";
constexpr const char* take_of_session_sql =
    "DELETE FROM passkey_challenges WHERE challenge_hash = $1 AND session_id = $2 AND expires_at > now() "
    "RETURNING origin";
// One person's passkeys are counted and added one after the other.
constexpr const char* count_sql = "SELECT count(*) FROM passkeys WHERE user_id = $1";
constexpr const char* keep_sql =
    "INSERT INTO passkeys (id, user_id, credential_id, algorithm, public_key, sign_count, backup_eligible, "
    "transports, site, name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
    "ON CONFLICT (credential_id) DO NOTHING RETURNING id, name, site, created_at, last_used_at";
constexpr const char* sweep_sql = "DELETE FROM passkey_challenges WHERE expires_at < now()";

Passkey read_passkey(const db::Row& row) {
    return {row.get<PasskeyId>(0), row.get<std::string>(1), row.get<std::string>(2), row.get<Time>(3),
            row.get<std::optional<Time>>(4)};
}

Error misfit(const std::string& why) {
    return bad_field("#/credential", "This passkey cannot be added: " + why + ".");
}

}  // namespace

std::string passkey_mark(const Passkey& passkey) {
    return http::mark_of(passkey.name);
}

std::string user_handle_of(UserId owner) {
    return {owner.value.bytes.begin(), owner.value.bytes.end()};
}

Task<std::vector<Passkey>> Passkeys::list(UserId owner) {
    const auto rows = co_await db_.query(list_sql, owner);
    std::vector<Passkey> passkeys;
    for (const auto& row : rows) passkeys.push_back(read_passkey(row));
    co_return passkeys;
}

Task<Result<Passkey>> Passkeys::find(UserId owner, PasskeyId id) {
    const auto rows = co_await db_.query(find_sql, owner, id);
    if (rows.empty()) co_return not_found("passkey");
    co_return read_passkey(rows[0]);
}

Task<Result<Passkey>> Passkeys::rename(UserId owner, PasskeyId id, std::string name,
                                       http::IfMatch condition) {
    auto work = [&](db::Transaction& tx) -> Task<Result<Passkey>> {
        const auto found = co_await tx.query(lock_owner_sql, owner, id);
        if (found.empty()) co_return not_found("passkey");
        if (!condition.allows(passkey_mark(read_passkey(found[0])))) co_return http::stale();
        const auto rows = co_await tx.query(rename_sql, owner, id, name);
        co_return read_passkey(rows[0]);
    };
    co_return co_await db_.transaction(work);
}

Task<Result<void>> Passkeys::remove(UserId owner, PasskeyId id, audit::Origin origin) {
    auto work = [&](db::Transaction& tx) -> Task<Result<void>> {
        const auto rows = co_await tx.query(remove_sql, owner, id);
        if (rows.affected() == 0) co_return not_found("passkey");
        audit::Entry entry{origin, "passkey.removed", "passkey", id.text()};
        co_await audit::append(tx, std::move(entry));
        co_return Result<void>();
    };
    co_return co_await db_.transaction(work);
}

Task<Result<CreationOptions>> Passkeys::begin_adding(UserId owner, SessionId session,
                                                     webauthn::RelyingParty party) {
    const auto challenge = crypto::random_token();
    const auto hash = crypto::sha256(challenge);
    auto open = [&](db::Transaction& tx) -> Task<std::optional<CreationOptions>> {
        const auto person = co_await tx.query(person_sql, owner);
        if (person.empty()) co_return std::nullopt;
        CreationOptions options{
            party, challenge, owner, person[0].get<std::string>(0), person[0].get<std::string>(1), {}};
        const auto rows = co_await tx.query(existing_sql, owner, party.id);
        for (const auto& row : rows)
            options.existing.push_back({row.get<std::string>(0), row.get<std::vector<std::string>>(1)});
        co_await tx.query(open_for_session_sql, hash, party.origin, session);
        co_return options;
    };
    auto options = co_await db_.transaction(open);
    if (!options) co_return not_found("person");
    co_return std::move(*options);
}

std::optional<webauthn::Expected> Passkeys::expected_of(const db::Rows& taken,
                                                        const crypto::Digest& challenge) {
    if (taken.empty()) return std::nullopt;
    const auto* party = webauthn::find_party(parties_, taken[0].get<std::string>(0));
    if (party == nullptr) return std::nullopt;  // this server has another address by now
    return webauthn::Expected{*party, challenge};
}

Task<Result<AddedPasskey>> Passkeys::keep(db::Transaction& tx, UserId owner,
                                          const webauthn::Credential& credential, const NewPasskey& draft,
                                          const std::string& site) {
    co_await lock_person(tx, owner);
    const auto counted = co_await tx.query(count_sql, owner);
    const auto count = counted[0].get<std::int64_t>(0);
    if (count >= most)
        co_return Error(ErrorCode::conflict, "You have as many passkeys as there may be. Remove one first.");
    const auto id = PasskeyId::make();
    const db::Bytes credential_id{credential.id};
    const db::Bytes public_key{credential.public_key};
    const auto counter = static_cast<std::int64_t>(credential.counter);
    const auto rows =
        co_await tx.query(keep_sql, id, owner, credential_id, credential.algorithm, public_key, counter,
                          credential.backup_eligible, draft.transports, site, draft.name);
    if (rows.empty()) co_return Error(ErrorCode::conflict, "This passkey is known already.");
    AddedPasskey added{read_passkey(rows[0]), {}};
    if (count == 0) added.recovery_codes = co_await replace_recovery_codes(tx, secret_, owner);
    co_return added;
}

Task<Result<AddedPasskey>> Passkeys::add(UserId owner, SessionId session, NewPasskey draft,
                                         audit::Origin origin) {
    const auto challenge = webauthn::challenge_hash_of(draft.made.client_data);
    if (!challenge) co_return misfit("the client data cannot be read");
    auto attempt = [&](db::Transaction& tx) -> Task<Result<AddedPasskey>> {
        const auto taken = co_await tx.query(take_of_session_sql, *challenge, session);
        const auto expected = expected_of(taken, *challenge);
        if (!expected) co_return misfit("it was made too long ago, or for something else");
        const auto credential = webauthn::verify_registration(draft.made, *expected);
        if (!credential) co_return misfit(credential.error().detail);
        auto added = co_await keep(tx, owner, *credential, draft, expected->party.id);
        if (!added) co_return added;
        audit::Entry entry{origin, "passkey.added", "passkey", added->passkey.id.text()};
        co_await audit::append(tx, std::move(entry));
        co_return added;
    };
    co_return co_await db_.transaction(attempt);
}

Task<void> sweep_challenges(db::Database& db) {
    co_await db.query(sweep_sql);
}

}  // namespace bb::accounts
