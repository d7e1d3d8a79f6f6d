#pragma once
#include "base/db/home.hpp"
#include "cli/cli.hpp"
#include "operations/safety/installation.hpp"

namespace bb::cli {

/// The installation that a command works on: tells the operator on stderr, with progress on a terminal.
safety::Installation told_installation(Context& context, const db::Home& home);

}  // namespace bb::cli
