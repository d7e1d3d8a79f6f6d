#pragma once
#include <filesystem>

#include "operations/safety/destination.hpp"

namespace bb::safety {

/// Copies a backup into another folder, where it is whole or not there. Throws std::system_error.
void copy_backup(const std::filesystem::path& backup_folder, const Destination& to);

}  // namespace bb::safety
