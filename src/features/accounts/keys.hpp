#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/crypto.hpp"
#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/accounts/types.hpp"
#include "services/audit/audit.hpp"

namespace bb::accounts {

using KeyId = Id<struct KeyTag>;

/// What a person wants of a key.
struct NewKey {
    std::string name;
    std::vector<std::string> scopes;  // some of "read", "write", "admin"; in this order, each once
    int days = 90;                    // until it expires
};

/// A key as its person sees it.
struct ApiKey {
    KeyId id;
    std::string name;
    std::vector<std::string> scopes;
    std::string start;  // the first characters of the token
    Time created_at;
    Time expires_at;
    std::optional<Time> last_used_at;
    std::optional<std::string> last_used_network;
};

/// A key that was just made. The token exists here and with its person, nowhere else.
struct MadeKey {
    ApiKey key;
    std::string token;
};

/// API keys: each lets a program act for one person, within its scopes, until it expires or is revoked.
/// Deleting a row ends the key on every node (the table notifies `session_ended`).
class Keys {
public:
    static constexpr int most = 20;  // that have not expired, of one person

    explicit Keys(db::Database& db) : db_(db) {}

    /// Newest first; expired ones are shown for a month.
    Task<std::vector<ApiKey>> list(UserId owner);
    /// Errors: conflict when the person has as many as one may have; forbidden when the scope "admin" is
    /// wanted by who is no administrator.
    Task<Result<MadeKey>> create(UserId owner, NewKey key, audit::Origin origin);
    /// Returns the hash of its token. Errors: not_found.
    Task<Result<crypto::Digest>> revoke(UserId owner, KeyId id, audit::Origin origin);
    /// The same for the operator, who may end any key.
    Task<Result<crypto::Digest>> revoke_of_any_owner(KeyId id);

private:
    db::Database& db_;
};

/// What is stored of a key's token; nullopt when `token` has not the form of one ("bb_" and 43 characters).
std::optional<crypto::Digest> key_hash(std::string_view token);

/// Notes that a key was used, from a shortened network; the first time is an event of the audit log.
Task<void> note_key_use(db::Database& db, KeyId id, std::string network);

}  // namespace bb::accounts
