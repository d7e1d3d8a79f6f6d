#pragma once
#include "base/config/config.hpp"

namespace bb::app {

/// Runs the server until it is told to stop (SIGTERM, SIGINT); returns the exit code of the program.
/// May move BRAINBYTES_DATA in `config` (see db::Home).
int serve(config::Config& config);

}  // namespace bb::app
