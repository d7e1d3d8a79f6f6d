#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/core/crypto.hpp"
#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/http/conditions.hpp"
#include "features/accounts/sessions.hpp"
#include "features/accounts/types.hpp"
#include "services/webauthn/verify.hpp"

namespace bb::accounts {

using PasskeyId = Id<struct PasskeyTag>;

/// A row of the list in the settings.
struct Passkey {
    PasskeyId id;
    std::string name;
    std::string site;  // the host it works on
    Time created_at;
    std::optional<Time> last_used_at;
};

/// Stands for what can be changed of it, see http::IfMatch.
std::string passkey_mark(const Passkey& passkey);

/// A credential that a browser is not to make, or to use, again.
struct KnownCredential {
    std::string id;
    std::vector<std::string> transports;
};

/// What a browser needs to make a passkey.
struct CreationOptions {
    webauthn::RelyingParty party;
    std::string challenge;  // base64url
    UserId owner;
    std::string email;
    std::string name;
    std::vector<KnownCredential> existing;
};

/// What a browser made, and what its owner calls it.
struct NewPasskey {
    std::string name;
    std::vector<std::string> transports;
    webauthn::Registration made;
};

struct AddedPasskey {
    Passkey passkey;
    std::vector<std::string> recovery_codes;  // made with the first one; shown once
};

/// Passkeys of people, and the challenges they answer. A challenge is good for five minutes and one answer,
/// whatever that is worth.
class Passkeys {
public:
    static constexpr int most = 20;  // of one person

    /// `secret` keys the hashes of recovery codes. `parties` must outlive this.
    Passkeys(db::Database& db, std::string secret, const std::vector<webauthn::RelyingParty>& parties)
        : db_(db), secret_(std::move(secret)), parties_(parties) {}

    /// The owner's, oldest first.
    Task<std::vector<Passkey>> list(UserId owner);
    /// Errors: not_found.
    Task<Result<Passkey>> find(UserId owner, PasskeyId id);
    /// Errors: not_found; stale when its mark is another.
    Task<Result<Passkey>> rename(UserId owner, PasskeyId id, std::string name, http::IfMatch condition);
    /// Errors: not_found.
    Task<Result<void>> remove(UserId owner, PasskeyId id, audit::Origin origin);

    /// Opens a challenge for this session. Errors: not_found (the account is gone).
    Task<Result<CreationOptions>> begin_adding(UserId owner, SessionId session, webauthn::RelyingParty party);
    /// Keeps what answers an open challenge of this session; the first one comes with recovery codes, and the
    /// old codes are void. Errors: invalid_input, conflict (known already, or too many).
    Task<Result<AddedPasskey>> add(UserId owner, SessionId session, NewPasskey draft, audit::Origin origin);

    /// Opens a challenge for the browser whose token has this hash.
    Task<std::string> begin_sign_in(crypto::Digest browser, webauthn::RelyingParty party);
    /// Begins a session of whom the passkey belongs to. Errors: unauthenticated; why is logged only.
    Task<Result<NewSession>> sign_in(crypto::Digest browser, webauthn::Assertion shown, Client client);

private:
    Task<std::optional<Result<NewSession>>> admit(db::Transaction& tx, const webauthn::Assertion& shown,
                                                  const webauthn::Expected& expected, Client client);
    Task<Result<AddedPasskey>> keep(db::Transaction& tx, UserId owner, const webauthn::Credential& credential,
                                    const NewPasskey& draft, const std::string& site);
    /// What the answer to a challenge must fit; nullopt when the challenge was not open.
    std::optional<webauthn::Expected> expected_of(const db::Rows& taken, const crypto::Digest& challenge);

    db::Database& db_;
    std::string secret_;
    const std::vector<webauthn::RelyingParty>& parties_;
};

/// The user handle of a person: the bytes of their id, which tell nothing about them.
std::string user_handle_of(UserId owner);

/// Deletes challenges that nobody answered in time.
Task<void> sweep_challenges(db::Database& db);

}  // namespace bb::accounts
