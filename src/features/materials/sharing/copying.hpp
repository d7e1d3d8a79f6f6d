#pragma once
#include "features/materials/routes.hpp"
#include "features/materials/sharing/sharing.hpp"

namespace bb::materials {

/// Copies a material that `reader` may read to the reader's own: its texts, and its files sealed anew for
/// them, read or about to be, without pages that were not fetched yet. The copy remembers where it comes from
/// and lives on when the sharing ends. It is in no list before it is whole; when something is in the way, or
/// the sharing ends meanwhile, none of it stays. Errors: not_found, too_large (more than 1,000 texts and
/// files, or than the reader's room).
Task<Result<Material>> copy_material(Services& services, UserId reader, SharedMaterial from);

/// Removes copies that were begun an hour ago and are not whole: their server has ended.
Task<void> sweep_half_copies_of_any_owner(db::Database& db);

}  // namespace bb::materials
