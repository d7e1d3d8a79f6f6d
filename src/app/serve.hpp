#pragma once
#include "base/config/config.hpp"

namespace bb::app {

/// Runs the server until it is told to stop (SIGTERM, SIGINT); returns the exit code of the program.
int serve(const config::Config& config);

}  // namespace bb::app
