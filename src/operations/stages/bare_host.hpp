#pragma once
#include <filesystem>

#include "operations/stages/host.hpp"

namespace bb::stages {

/// Gives a Debian host that has no BrainBytes, reached as root, what it needs: packages, account, data
/// folder, program, the key that it shall trust, the options of the stage, and a supervisor that runs, also
/// after a restart where there is systemd. The archive is checked here first with that key. Throws
/// std::runtime_error.
void make_ready(const Stage& stage, const Host& host, const std::filesystem::path& archive,
                const std::filesystem::path& trusted);

/// The options of a stage as a .env file; given to a host whenever its release changes.
void write_environment(const Stage& stage, const Host& host);

}  // namespace bb::stages
