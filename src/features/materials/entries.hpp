#pragma once
#include "base/db/database.hpp"
#include "base/http/conditions.hpp"
#include "base/net/pool.hpp"
#include "features/materials/records.hpp"

namespace bb::materials {

struct NewEntry {
    std::string title;
    std::string content;  // Markdown
};

/// What is absent stays as it is. `material` moves the entry to the end of another material, `position` to a
/// place in its material (numbers behind the end mean the end).
struct EntryChange {
    std::optional<std::string> title;
    std::optional<std::string> content;
    std::optional<int> position;
    std::optional<MaterialId> material;
};

/// Entries of one person's materials. Every change of a text reaches the index in the same transaction. An
/// entry is there only under its material: another material's id, or another person's, gives not_found.
class Entries {
public:
    Entries(db::Database& db, net::BlockingPool& pool) : db_(db), pool_(pool) {}

    /// By position, without content. Errors: not_found, invalid_input (cursor).
    Task<Result<Page<Entry>>> list(UserId owner, MaterialId material, http::PageQuery page);
    /// Errors: not_found.
    Task<Result<Entry>> find(UserId owner, MaterialId material, EntryId id);
    /// Errors: not_found.
    Task<Result<Entry>> create(UserId owner, MaterialId material, EntryId id, NewEntry input);
    /// Errors: not_found, stale.
    Task<Result<Entry>> change(UserId owner, MaterialId material, EntryId id, EntryChange change,
                               http::IfMatch condition);
    /// Errors: not_found, stale.
    Task<Result<>> remove(UserId owner, MaterialId material, EntryId id, http::IfMatch condition);
    /// Undoes remove(). Errors: not_found.
    Task<Result<Entry>> restore(UserId owner, MaterialId material, EntryId id);

private:
    db::Database& db_;
    net::BlockingPool& pool_;
};

}  // namespace bb::materials
