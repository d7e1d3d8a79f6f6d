#include "base/core/log.hpp"
#include "features/accounts/entrance.hpp"
#include "features/accounts/passkeys.hpp"

namespace bb::accounts {
namespace {

constexpr const char* open_for_browser_sql =
    "INSERT INTO passkey_challenges (challenge_hash, origin, browser_hash, expires_at) "
    "VALUES ($1, $2, $3, now() + interval '5 minutes')";
constexpr const char* take_of_browser_sql =
    "DELETE FROM passkey_challenges WHERE challenge_hash = $1 AND browser_hash = $2 AND expires_at > now() "
    "RETURNING origin";
constexpr const char* find_passkey_sql =
    "SELECT id, user_id, algorithm, public_key, sign_count, backup_eligible FROM passkeys "
    "WHERE credential_id = $1 FOR UPDATE";
constexpr const char* use_sql = "UPDATE passkeys SET sign_count = $2, last_used_at = now() WHERE id = $1";

void log_refusal(std::string_view why, const Client& client, const std::string& passkey = {}) {
    log::warn("a passkey was refused",
              {{"request", client.request_id}, {"reason", why}, {"passkey", passkey}});
}

webauthn::Credential read_credential(const db::Row& row, const std::string& id) {
    return {id, row.get<std::int32_t>(2), row.get<std::string>(3),
            static_cast<std::uint32_t>(row.get<std::int64_t>(4)), row.get<bool>(5)};
}

}  // namespace

Task<std::string> Passkeys::begin_sign_in(crypto::Digest browser, webauthn::RelyingParty party) {
    auto challenge = crypto::random_token();
    const auto hash = crypto::sha256(challenge);
    co_await db_.query(open_for_browser_sql, hash, party.origin, browser);
    co_return challenge;
}

Task<std::optional<Result<NewSession>>> Passkeys::admit(db::Transaction& tx, const webauthn::Assertion& shown,
                                                        const webauthn::Expected& expected, Client client) {
    const db::Bytes id{shown.credential_id};
    const auto rows = co_await tx.query(find_passkey_sql, id);
    if (rows.empty()) {
        log_refusal("nobody has it", client);
        co_return std::nullopt;
    }
    const auto passkey = rows[0].get<PasskeyId>(0);
    const auto owner = rows[0].get<UserId>(1);
    const auto known = read_credential(rows[0], shown.credential_id);
    const auto counter = webauthn::verify_assertion(shown, known, user_handle_of(owner), expected);
    if (!counter) {
        log_refusal(counter.error().detail, client, passkey.text());
        co_return std::nullopt;
    }
    const auto shown_counter = static_cast<std::int64_t>(*counter);
    co_await tx.query(use_sql, passkey, shown_counter);
    auto session = co_await let_in(tx, owner, client, "passkey");
    co_return session;
}

Task<Result<NewSession>> Passkeys::sign_in(crypto::Digest browser, webauthn::Assertion shown, Client client) {
    // A refusal commits as well: the challenge is used up.
    auto attempt = [&](db::Transaction& tx) -> Task<std::optional<Result<NewSession>>> {
        const auto challenge = webauthn::challenge_hash_of(shown.client_data);
        if (!challenge) co_return std::nullopt;
        const auto taken = co_await tx.query(take_of_browser_sql, *challenge, browser);
        const auto expected = expected_of(taken, *challenge);
        if (!expected) {
            log_refusal("its challenge is not open", client);
            co_return std::nullopt;
        }
        co_return co_await admit(tx, shown, *expected, client);
    };
    auto session = co_await db_.transaction(attempt);
    if (!session)
        co_return Error(ErrorCode::unauthenticated,
                        "This passkey was not accepted. Try again, or sign in with a code sent by e-mail.");
    co_return std::move(*session);
}

}  // namespace bb::accounts
