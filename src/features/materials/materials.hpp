#pragma once
#include "base/db/database.hpp"
#include "base/http/conditions.hpp"
#include "features/materials/records.hpp"

namespace bb::materials {

struct NewMaterial {
    std::string title;
    std::optional<std::string> subject;  // a name; the subject is made when it is new
    std::string description;
    bool active = true;
};

/// What is absent stays as it is; an inner nullopt of `subject` takes the subject away.
struct MaterialChange {
    std::optional<std::string> title;
    std::optional<std::optional<std::string>> subject;
    std::optional<std::string> description;
    std::optional<bool> active;
};

struct MaterialFilter {
    std::optional<SubjectId> subject;
    std::optional<bool> active;
};

/// Materials of one person.
class Materials {
public:
    explicit Materials(db::Database& db) : db_(db) {}

    /// Last changed first. Errors: invalid_input (cursor).
    Task<Result<Page<Material>>> list(UserId owner, MaterialFilter filter, http::PageQuery page);
    /// Errors: not_found.
    Task<Result<Material>> find(UserId owner, MaterialId id);
    Task<Result<Material>> create(UserId owner, MaterialId id, NewMaterial input);
    /// Errors: not_found, stale.
    Task<Result<Material>> change(UserId owner, MaterialId id, MaterialChange change,
                                  http::IfMatch condition);
    /// Out of sight and out of every search, with all it holds, until restored. Errors: not_found, stale.
    Task<Result<>> remove(UserId owner, MaterialId id, http::IfMatch condition);
    /// Undoes remove(), if its files still fit into `most` bytes (0: any number); one that is not deleted
    /// stays as it is. Errors: not_found, too_large with the pointer #/storage.
    Task<Result<Material>> restore(UserId owner, MaterialId id, std::int64_t most);

private:
    db::Database& db_;
};

/// Locks a material, and another one with it, until the transaction ends, in one order for all callers, and
/// marks them as changed now. Errors: not_found when one is missing.
Task<Result<>> touch_materials(db::Transaction& tx, UserId owner, MaterialId material,
                               std::optional<MaterialId> other = std::nullopt);

/// Whether the person has a material that is not deleted.
Task<bool> has_material(db::Database& db, UserId owner, MaterialId material);

}  // namespace bb::materials
