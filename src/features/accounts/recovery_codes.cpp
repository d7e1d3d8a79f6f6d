#include "features/accounts/recovery_codes.hpp"
#include "features/accounts/entrance.hpp"

#include "features/accounts/people.hpp"
#include "features/accounts/secrets.hpp"

namespace bb::accounts {
namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr int code_length = 16;

constexpr const char* standing_sql =
    "SELECT count(*) FILTER (WHERE used_at IS NULL), min(created_at) FROM recovery_codes WHERE user_id = $1";
// Two renewals at once must not leave twenty codes.
// In the same order: the person, then the codes.
constexpr const char* lock_address_sql = "SELECT id FROM users WHERE email = $1 FOR NO KEY UPDATE";
constexpr const char* void_sql = "DELETE FROM recovery_codes WHERE user_id = $1";
constexpr const char* keep_sql =
    "INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, decode(hash, 'hex') FROM unnest($2::text[]) "
    "AS hash";
constexpr const char* use_sql =
    "UPDATE recovery_codes c SET used_at = now() FROM users u "
    "WHERE u.email = $1 AND c.user_id = u.id AND c.code_hash = $2 AND c.used_at IS NULL RETURNING u.id";

crypto::Digest hash_of(std::string_view secret, std::string_view code) {
    return crypto::hmac_sha256(secret, "recovery code\n" + std::string(code));
}

}  // namespace

std::string make_recovery_code() {
    const auto bytes = crypto::random_bytes(code_length);
    std::string code;
    for (int i = 0; i < code_length; ++i) {
        if (i > 0 && i % 4 == 0) code += '-';
        code += alphabet[static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]) % alphabet.size()];
    }
    return code;
}

std::optional<std::string> parse_recovery_code(std::string_view text) {
    std::string code;
    for (char c : text) {
        if (c == ' ' || c == '-') continue;
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        if (c == 'O') c = '0';
        if (c == 'I' || c == 'L') c = '1';
        if (alphabet.find(c) == std::string_view::npos) return std::nullopt;
        code += c;
    }
    if (code.size() != code_length) return std::nullopt;
    return code;
}

Task<std::vector<std::string>> replace_recovery_codes(db::Transaction& tx, std::string secret, UserId owner) {
    std::vector<std::string> codes;
    std::vector<std::string> hashes;
    for (int i = 0; i < RecoveryCodes::count; ++i) {
        codes.push_back(make_recovery_code());
        hashes.push_back(crypto::hex(hash_of(secret, *parse_recovery_code(codes.back()))));
    }
    co_await lock_person(tx, owner);
    co_await tx.query(void_sql, owner);
    co_await tx.query(keep_sql, owner, hashes);
    co_return codes;
}

Task<RecoveryStanding> RecoveryCodes::standing(UserId owner) {
    const auto rows = co_await db_.query(standing_sql, owner);
    RecoveryStanding standing;
    standing.left = static_cast<int>(rows[0].get<std::int64_t>(0));
    standing.created_at = rows[0].get<std::optional<Time>>(1);
    co_return standing;
}

Task<std::vector<std::string>> RecoveryCodes::renew(UserId owner, audit::Origin origin) {
    auto work = [&](db::Transaction& tx) -> Task<std::vector<std::string>> {
        auto codes = co_await replace_recovery_codes(tx, secret_, owner);
        audit::Entry entry{origin, "recovery_codes.renewed", "person", owner.text()};
        co_await audit::append(tx, std::move(entry));
        co_return codes;
    };
    co_return co_await db_.transaction(work);
}

Task<Result<RecoveredSession>> RecoveryCodes::sign_in(std::string email, std::string code, Client client) {
    const auto hash = hash_of(secret_, code);
    auto attempt = [&](db::Transaction& tx) -> Task<std::optional<Result<RecoveredSession>>> {
        co_await tx.query(lock_address_sql, email);
        const auto used = co_await tx.query(use_sql, email, hash);
        if (used.empty()) co_return std::nullopt;
        const auto owner = used[0].get<UserId>(0);
        const auto rows = co_await tx.query(standing_sql, owner);
        RecoveredSession recovered;
        recovered.left = static_cast<int>(rows[0].get<std::int64_t>(0));
        auto session = co_await let_in(tx, owner, client, "recovery code");
        if (!session) co_return session.error();
        recovered.session = std::move(*session);
        co_return recovered;
    };
    auto recovered = co_await db_.transaction(attempt);
    if (!recovered)
        co_return Error(ErrorCode::unauthenticated,
                        "This code is wrong or used, or it is one of another address.");
    co_return std::move(*recovered);
}

}  // namespace bb::accounts
