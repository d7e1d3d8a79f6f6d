#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/core/crypto.hpp"
#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/accounts/client.hpp"
#include "features/accounts/types.hpp"
#include "services/audit/audit.hpp"

namespace bb::accounts {

/// A session that has just begun. The token exists here and in the browser, nowhere else.
struct NewSession {
    SessionId id;
    std::string token;
    Time expires_at;
    UserId user;               // whose it is
    std::string proved_email;  // whose mail was read to begin it; empty when it began in another way
};

/// A row of the sessions page.
struct Session {
    SessionId id;
    std::string device;
    std::string network;
    Time created_at;
    Time last_seen_at;
    Time expires_at;
};

/// Signed-in browsers. A session ends 30 days after it was last used, 90 days after it began. Deleting a row
/// ends the session on every node (the table notifies `session_ended`).
class Sessions {
public:
    explicit Sessions(db::Database& db) : db_(db) {}

    /// For the operator.
    Task<NewSession> begin(UserId owner, Client client);
    /// The owner's live sessions, last seen first; at most 200.
    Task<std::vector<Session>> list(UserId owner);
    /// Ends one, which the audit log knows as `action`. Returns the hash of its token. Errors: not_found.
    Task<Result<crypto::Digest>> end(UserId owner, SessionId id, audit::Origin origin,
                                     std::string action = "session.revoked");
    /// Ends all but `kept`. Returns the hashes of their tokens.
    Task<std::vector<crypto::Digest>> end_others(UserId owner, SessionId kept, audit::Origin origin);
    /// Whether the holder of the session proved within 15 minutes who they are. Errors: proof_too_old.
    Task<Result<void>> check_proof(UserId owner, SessionId id);
    /// Whether the account waits for its erasure: a session of the operator's must not call that off.
    Task<bool> waits_for_erasure(UserId owner);
    /// Whether beginning the session called off that the account was to be erased; nullopt when the token of
    /// hash `held` is not the session's any more.
    Task<std::optional<bool>> undid_erasure(UserId owner, SessionId id, crypto::Digest held);

private:
    db::Database& db_;
};

/// Like Sessions::begin, as a part of `tx`. Calls off an erasure of the account that is still to come.
Task<NewSession> begin_session(db::Transaction& tx, UserId owner, Client client);

/// Deletes what has expired: sessions, codes, links, ways to GitHub, challenges, changes of address; a month
/// later invitations, API keys and parked notices; and devices that were not seen for a year.
Task<void> sweep_expired(db::Database& db);

/// Does so every hour until it is cancelled; for one loop of each process. `db` must outlive it.
Task<void> sweep_hourly(db::Database& db);

}  // namespace bb::accounts
