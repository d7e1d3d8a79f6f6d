#pragma once
#include <string>

#include "base/config/config.hpp"

namespace bb::accounts {

/// BRAINBYTES_SECRET; or else one derived from DATABASE_URL, so that nodes on one database agree; or else the
/// secret kept in the data folder (file `secret`, mode 0600), made on first use. Throws std::system_error.
std::string server_secret(const config::Config& config);

/// The secret kept in `folder`.
std::string kept_secret(const std::string& folder);

}  // namespace bb::accounts
