#pragma once
#include "base/config/config.hpp"

namespace bb::app {

/// Runs the supervisor of this data folder until it is told to stop (SIGTERM, SIGINT); returns the exit code
/// of the program. May move BRAINBYTES_DATA in `config` (see db::Home).
int supervise(config::Config& config);

}  // namespace bb::app
