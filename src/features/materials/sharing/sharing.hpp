#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/db/database.hpp"
#include "base/http/request.hpp"
#include "features/materials/records.hpp"
#include "services/audit/audit.hpp"

namespace bb::materials {

using ShareId = Id<struct ShareTag>;

/// Somebody who reads by a link.
struct Reader {
    std::string name;
    Time opened_at;
};

/// A way for others to a material.
struct Share {
    ShareId id;
    std::optional<std::string> email;  // none: a link
    std::optional<Time> expires_at;
    Time created_at;
    std::vector<Reader> readers;  // of a link, first come first
};

struct NewShare {
    std::optional<std::string> email;  // as parse_address gives it; none: a link
    std::optional<Time> expires_at;
};

/// A share that was just made. The token of a link exists here alone: the table has its hash.
struct MadeShare {
    Share share;
    std::optional<std::string> token;
};

/// Somebody else's material, which a person may read.
struct SharedMaterial {
    MaterialId id;
    UserId owner;
    std::string owner_name;
    std::string title;
    std::string description;
    std::int64_t entries = 0;
    std::int64_t files = 0;
    Time updated_at;
};

/// A link that was opened.
struct OpenedShare {
    MaterialId material;
    bool own = false;  // by the material's owner
};

/// Who may read whose materials besides their owners. A share ends by revoking, by its date, with its
/// material, and while its owner is suspended or about to be erased.
class Sharing {
public:
    explicit Sharing(db::Database& db) : db_(db) {}

    /// The shares of one's material, oldest first. Errors: not_found.
    Task<Result<std::vector<Share>>> list(UserId owner, MaterialId material);
    /// Shares one's material. An address that has it gets the new date. Errors: not_found, invalid_input
    /// (one's own address), conflict beyond 100 shares of a material.
    Task<Result<MadeShare>> create(UserId owner, MaterialId material, NewShare wanted, audit::Origin origin);
    /// Ends a share at once. Errors: not_found.
    Task<Result<>> revoke(UserId owner, MaterialId material, ShareId id, audit::Origin origin);

    /// Lets `reader` read by the link with this token from now on. Errors: not_found, conflict beyond 500
    /// readers of a link.
    Task<Result<OpenedShare>> open(UserId reader, std::string token, audit::Origin origin);
    /// What others share with `reader`, last changed first. Errors: invalid_input (cursor).
    Task<Result<Page<SharedMaterial>>> readable(UserId reader, http::PageQuery page);
    /// Errors: not_found, also for one's own.
    Task<Result<SharedMaterial>> find(UserId reader, MaterialId material);
    /// Gives up reading a material. Errors: not_found.
    Task<Result<>> leave(UserId reader, MaterialId material);

private:
    db::Database& db_;
};

/// Forgets shares that ended by their date 30 days ago.
Task<void> sweep_shares_of_any_owner(db::Database& db);

}  // namespace bb::materials
