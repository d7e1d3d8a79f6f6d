#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/crypto.hpp"
#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/accounts/sessions.hpp"
#include "features/accounts/types.hpp"

namespace bb::accounts {

/// How a person stands with their codes.
struct RecoveryStanding {
    int left = 0;
    std::optional<Time> created_at;  // nullopt: never made
};

/// A session begun by a code, and how many codes are left.
struct RecoveredSession {
    NewSession session;
    int left = 0;
};

/// Ten codes that let their owner in when neither mail nor passkey can be reached; each works once.
class RecoveryCodes {
public:
    static constexpr int count = 10;

    /// `secret` keys the hashes; it must be the same on every node.
    RecoveryCodes(db::Database& db, std::string secret) : db_(db), secret_(std::move(secret)) {}

    Task<RecoveryStanding> standing(UserId owner);
    /// Makes new ones, to be shown once; the old ones are void.
    Task<std::vector<std::string>> renew(UserId owner, audit::Origin origin);
    /// Begins a session of who has this address when `code` (as parse_recovery_code gives it) is an unused
    /// one of theirs, and uses it up. Errors: unauthenticated.
    Task<Result<RecoveredSession>> sign_in(std::string email, std::string code, Client client);

private:
    db::Database& db_;
    std::string secret_;
};

/// Like RecoveryCodes::renew, as a part of `tx`.
Task<std::vector<std::string>> replace_recovery_codes(db::Transaction& tx, std::string secret, UserId owner);

/// A code as it is shown: 80 random bits as four groups of four of Crockford's base 32.
std::string make_recovery_code();

/// The one form of a code that a person types (any case, spaces or hyphens anywhere, O for 0, I and L for 1);
/// nullopt when it is none.
std::optional<std::string> parse_recovery_code(std::string_view text);

}  // namespace bb::accounts
