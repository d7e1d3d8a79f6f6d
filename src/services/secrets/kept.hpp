#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/db/session.hpp"
#include "services/secrets/key_ring.hpp"
#include "services/secrets/rotation.hpp"

namespace bb::secrets {

/// A secret of the installation (a key of the model, a mail password), without its value.
struct KeptName {
    std::string name;  // of an option
    Time updated_at;
};

/// Seals `value` into the table kept_secrets under `name`, over what was there.
Task<void> keep(db::Database& db, KeyRing& keys, std::string name, std::string value);

/// False when nothing was kept under `name`.
Task<bool> forget(db::Database& db, std::string name);

/// What is kept, by name.
Task<std::vector<KeptName>> kept_names(db::Database& db);

/// Whether anything is kept.
bool is_anything_kept(db::Session& session);

/// The values by name; those whose key cannot be read are left out and logged.
Task<std::map<std::string, std::string>> kept_values(db::Database& db, KeyRing& keys);

/// kept_secrets.sealed, for rotations.
extern const SealedColumn kept_secret_column;

}  // namespace bb::secrets
