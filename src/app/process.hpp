#pragma once
#include <filesystem>
#include <vector>

#include "base/config/config.hpp"
#include "base/core/error.hpp"

namespace bb::app {

/// What long-running commands begin with.

/// Writes the log in the way that is configured.
void start_logging(const config::Config& config);
/// Keeps the log in this data folder too, from the first line on; nothing with BRAINBYTES_LOG_DAYS=0.
void keep_log(const config::Config& config, const std::filesystem::path& data);
/// As many descriptors as the system allows: each connection is one.
void raise_descriptor_limit();
/// Loops of a server, and listening sockets for them.
int thread_count(const config::Config& config);
/// Those that were handed over, or else new ones on BRAINBYTES_LISTEN: opened while we may still be root.
/// Errors: unavailable, invalid_input.
Result<std::vector<int>> listening_sockets(const config::Config& config, std::vector<int> handed_over);

}  // namespace bb::app
