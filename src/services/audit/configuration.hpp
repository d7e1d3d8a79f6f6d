#pragma once
#include <string>

#include "base/config/config.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"

namespace bb::audit {

/// SHA-256, in hexadecimal, over the effective configuration: of a secret only whether it is set.
std::string configuration_digest(const config::Config& config);

/// Writes down that the program started with another configuration than at its last start from the same data
/// folder (`home` names it); nothing when it is the same.
Task<void> note_configuration(db::Database& db, std::string digest, std::string home);

}  // namespace bb::audit
