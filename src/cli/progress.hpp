#pragma once
#include "base/db/home.hpp"
#include "cli/cli.hpp"
#include "operations/safety/installation.hpp"

namespace bb::cli {

/// The installation that a command works on: tells the operator on stderr, with progress on a terminal.
safety::Installation told_installation(Context& context, const db::Home& home);

/// Shows progress on stderr where that is a terminal, after two seconds.
safety::Progress progress_on_terminal();

}  // namespace bb::cli
