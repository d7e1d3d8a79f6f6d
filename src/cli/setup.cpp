#include <CLI/CLI.hpp>

#include "cli/cli.hpp"

namespace bb::cli {

void register_setup(CLI::App&, Chosen&) {}

}  // namespace bb::cli
