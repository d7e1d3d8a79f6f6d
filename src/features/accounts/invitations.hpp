#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/accounts/types.hpp"
#include "services/audit/audit.hpp"

namespace bb::accounts {

using InvitationId = Id<struct InvitationTag>;

struct Invitation {
    InvitationId id;
    std::string email;
    std::string role;
    std::string language;
    std::string state;                      // "open", "accepted", "revoked" or "expired"
    std::optional<std::string> invited_by;  // address of the administrator, while there is one
    Time created_at;
    Time expires_at;
};

struct InvitationPage {
    std::vector<Invitation> invitations;
    bool more = false;
};

struct NewInvitation {
    std::string email;  // as parse_address gives it
    std::string role;
    std::string language;
};

/// An invitation that was just made. The token exists here and in the mail, nowhere else.
struct SentInvitation {
    Invitation invitation;
    std::string token;
};

/// Ways to an account that administrators give out: good for seven days, once.
class Invitations {
public:
    explicit Invitations(db::Database& db) : db_(db) {}

    /// Makes one; an open one for the same address ends. Errors: conflict when the address has an account.
    Task<Result<SentInvitation>> create(InvitationId id, NewInvitation wanted, audit::Origin origin);
    Task<std::optional<Invitation>> find(InvitationId id);
    /// Newest first, those that are over too (for a month).
    Task<InvitationPage> list(int limit, std::optional<InvitationId> after);
    /// Withdraws an open one. Errors: not_found, also when it is open no more.
    Task<Result<void>> revoke(InvitationId id, audit::Origin origin);

private:
    db::Database& db_;
};

}  // namespace bb::accounts
