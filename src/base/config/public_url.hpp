#pragma once
#include <string>

#include "base/config/config.hpp"

namespace bb::config {

/// Where people reach this server, without a slash at the end: BRAINBYTES_URL, else localhost (a name,
/// because passkeys need one) with the port of BRAINBYTES_LISTEN, by https when a certificate is configured.
std::string public_url(const Config& config);

/// The same of this machine alone: localhost, whatever BRAINBYTES_URL says.
std::string local_url(const Config& config);

}  // namespace bb::config
