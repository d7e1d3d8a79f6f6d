#pragma once
#include <functional>
#include <vector>

#include "base/core/crypto.hpp"
#include "base/db/database.hpp"
#include "features/materials/types.hpp"

// What BRAINBYTES_STORAGE_MB bounds: the files of a person that are not deleted, each content once, and the
// declared lengths of unfinished uploads. What was deleted takes no room, and needs it again to be restored;
// with it three times as much lies on the disk at most.

namespace bb::materials {

/// An original, as it counts to the storage of a person.
struct Content {
    crypto::Digest digest{};
    std::int64_t bytes = 0;
};

/// Whether new files fit, asked in the transaction that makes them, with the storage locked.
using Admission = std::function<Task<Result<>>(db::Transaction&, std::vector<Content>)>;

/// Lets transactions that add to a person's storage wait for each other, until `tx` ends. Comes before any
/// row is locked: all take both in this order.
Task<void> lock_storage(db::Transaction& tx, UserId owner);

/// Whether a person may keep `more` bytes of files besides, of at most `most` (0: any number). To refuse
/// early: another request may take the room meanwhile. Errors: too_large with the pointer #/storage, or
/// #/deleted where what was deleted leaves no room on the disk.
Task<Result<>> check_room(db::Database& db, UserId owner, std::int64_t more, std::int64_t most);

/// Whether a person, whose storage `tx` has locked, may keep `contents` besides; what is kept already takes
/// no more room. Errors: as of the other check_room().
Task<Result<>> check_room(db::Transaction& tx, UserId owner, std::vector<Content> contents,
                          std::int64_t most);

/// The same of an upload, whose content is not known yet.
Task<Result<>> check_room(db::Transaction& tx, UserId owner, std::int64_t more, std::int64_t most);

/// Admits what fits into `most` bytes (0: anything).
Admission within(UserId owner, std::int64_t most);

}  // namespace bb::materials
