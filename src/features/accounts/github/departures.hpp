#pragma once
#include <optional>
#include <string>

#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/accounts/types.hpp"
#include "services/secrets/key_ring.hpp"
#include "services/secrets/rotation.hpp"

namespace bb::accounts {

/// What a browser went to GitHub for.
struct Errand {
    std::optional<UserId> linking;  // the signed-in person who links an account; nullopt: somebody signs in
    std::string next;               // a path of this site, or empty
    std::string language;           // "en" or "fil"
};

/// The secrets of one way to GitHub. The state travels in addresses, the verifier never leaves the servers.
struct Departure {
    std::string state;
    std::string verifier;
};

struct Return {
    Errand errand;
    std::string verifier;
};

/// Browsers that are away at GitHub: for ten minutes, each to come back once.
class Departures {
public:
    Departures(db::Database& db, secrets::KeyRing& keys) : db_(db), keys_(keys) {}

    /// `browser`: the token in the cookie of the browser that leaves.
    Task<Departure> begin(std::string browser, Errand errand);
    /// Takes the departure of `state`, so that it cannot be taken again. Nullopt when this browser did not
    /// begin it, or too long ago, or has come back already.
    Task<std::optional<Return>> take(std::string browser, std::string state);

private:
    db::Database& db_;
    secrets::KeyRing& keys_;
};

/// The sealed verifiers, for rotation.
extern const secrets::SealedColumn verifier_column;

/// Deletes departures and claims that are out of date.
Task<void> sweep_departures(db::Database& db);

}  // namespace bb::accounts
