#pragma once
#include <filesystem>

#include "operations/stages/host.hpp"

namespace bb::stages {

/// Gives a Debian host that has no BrainBytes, reached as root, what it needs: packages, account, data
/// folder, program, the options of the stage, and a supervisor that runs, also after a restart where there is
/// systemd. Twice is once. The archive is checked here first with the key `trusted`. Throws
/// std::runtime_error.
void make_ready(const Stage& stage, const Host& host, const std::filesystem::path& archive,
                const std::filesystem::path& trusted);

}  // namespace bb::stages
