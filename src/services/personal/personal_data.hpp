#pragma once
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/core/time.hpp"
#include "base/db/database.hpp"
#include "services/personal/archive.hpp"
#include "services/personal/retention.hpp"
#include "services/personal/unpacked.hpp"

namespace bb::personal {

/// What an import came to, by kind ("materials", "chats").
struct Tally {
    int made = 0;
    int present = 0;  // was here already
};

/// An import under way.
struct Import {
    const Unpacked& archive;
    std::map<std::string, Tally> tallies;
    std::unordered_map<Uuid, Uuid> here;  // what ids of the archive are called here
};

/// What a feature keeps of a person. Implemented by features, called by accounts, introduced in app.
class PersonalData {
public:
    virtual ~PersonalData() = default;
    /// Writes what `owner` has into the archive. `tx` sees one moment.
    virtual Task<void> write(db::Transaction& tx, Uuid owner, Archive& archive) = 0;
    /// Makes for `owner` what the archive holds and is not here already, as a part of `tx`. Errors:
    /// invalid_input and malformed, naming the file; `tx` is then undone.
    virtual Task<Result<void>> read(db::Transaction& tx, Uuid owner, Import& import) = 0;
    /// Removes all rows of `owner`, in short statements: they may be many. Other tables follow by their
    /// foreign keys when the account itself goes.
    virtual Task<void> erase(db::Database& db, Uuid owner) = 0;
    /// What is kept no longer by `months`, whoever owns it: at most expired_at_once. It is deleted, as its
    /// owner would do it, unless `dry_run`.
    virtual Task<std::vector<Expired>> expire(db::Database& db, Months months, bool dry_run) = 0;
};

/// Writes down what an archive's `original` has become here.
Task<void> remember(db::Transaction& tx, Uuid owner, const char* kind, Uuid original, Uuid made);

/// A time as to_rfc3339() writes it, and not in the future; nullopt for anything else.
std::optional<Time> past_time(std::string_view text);

}  // namespace bb::personal
