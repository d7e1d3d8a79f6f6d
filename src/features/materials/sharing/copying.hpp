#pragma once
#include "features/materials/routes.hpp"
#include "features/materials/sharing/sharing.hpp"

namespace bb::materials {

/// Copies a material that `reader` may read to the reader's own: its texts, and its files sealed anew for
/// them, read or about to be. The copy remembers where it comes from and lives on when the sharing ends. When
/// something is in the way, no copy stays. `request`: id of the request, for the log. Errors: too_large (more
/// than 1,000 texts and files, or than the reader's room).
Task<Result<Material>> copy_material(Services& services, UserId reader, SharedMaterial from,
                                     std::string request);

}  // namespace bb::materials
