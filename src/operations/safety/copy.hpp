#pragma once
#include <filesystem>
#include <functional>

#include "operations/safety/destination.hpp"

namespace bb::safety {

/// Copies a backup into another folder, where it is whole or not there. `watch` is called again and again,
/// and throws to end it. Throws std::system_error.
void copy_backup(const std::filesystem::path& backup_folder, const Destination& to,
                 const std::function<void()>& watch);

}  // namespace bb::safety
