#pragma once
#include <string>
#include <string_view>

#include "base/config/config.hpp"
#include "base/db/session.hpp"

namespace bb::app {

/// Whether the value of this option may be kept sealed in the database: a secret that is not itself needed to
/// open what is sealed.
bool may_be_kept(std::string_view name);

/// Gives options that nothing else sets the secrets that are kept in the database (`brainbytes secret set`).
/// What cannot be read is logged and left out. `session` is a connection to the same database as `conninfo`.
void take_up_kept_secrets(config::Config& config, db::Session& session, const std::string& conninfo);

}  // namespace bb::app
