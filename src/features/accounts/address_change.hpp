#pragma once
#include <string>
#include <vector>

#include "base/core/crypto.hpp"
#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/accounts/types.hpp"
#include "services/audit/audit.hpp"

namespace bb::accounts {

/// A change that waits for its code.
struct AskedAddress {
    std::string code;  // to be mailed to the new address, and nowhere else
    std::string language;
};

/// A person's way from one address to another: a code goes to the new one, a notice to the old one. Whether
/// the new one belongs to somebody else is told only to who has read its mail.
class AddressChanges {
public:
    /// `secret` as server_secret() gives it.
    AddressChanges(db::Database& db, std::string secret) : db_(db), secret_(std::move(secret)) {}

    /// Takes the place of what was asked before. Errors: invalid_input when it is the person's address
    /// already.
    Task<Result<AskedAddress>> ask(UserId owner, std::string email, audit::Origin origin);
    /// The address that is asked for now; empty when none is.
    Task<std::string> asked(UserId owner);
    /// Changes the address and ends the owner's sessions but `kept`; returns the hashes of their tokens.
    /// Errors: invalid_input for a wrong, used or old code; conflict when the address has become, or was,
    /// somebody else's.
    Task<Result<std::vector<crypto::Digest>>> confirm(UserId owner, SessionId kept, std::string code,
                                                      audit::Origin origin);

private:
    db::Database& db_;
    std::string secret_;
};

}  // namespace bb::accounts
