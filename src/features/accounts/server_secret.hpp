#pragma once
#include <string>

#include "base/config/config.hpp"

namespace bb::accounts {

/// BRAINBYTES_SECRET, or else the secret kept in the data folder (file `secret`, mode 0600), made on first
/// use. Nodes that share a database must be given the same one. Throws std::system_error.
std::string server_secret(const config::Config& config);

/// The secret kept in `folder`.
std::string kept_secret(const std::string& folder);

}  // namespace bb::accounts
