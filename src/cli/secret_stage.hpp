#pragma once
#include <optional>
#include <string>

#include "cli/deploy.hpp"

namespace bb::cli {

/// Runs a command about secrets for the stage in this folder's brainbytes.toml, when it has hosts: once where
/// they share a database (DATABASE_URL), on every host that has one of its own. `input` goes to its standard
/// input, never onto a command line. Nothing: it is for this machine.
std::optional<int> on_databases_of_stage(Context& context, const Chosen& chosen, const std::string& input);

}  // namespace bb::cli
