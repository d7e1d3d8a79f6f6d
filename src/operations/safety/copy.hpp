#pragma once
#include <functional>

#include "operations/safety/destination.hpp"

namespace bb::safety {

/// Copies a backup into another place, where it is whole or not there. `watch` is called again and again,
/// and throws to end it. Throws as Store does.
void copy_backup(const StoredBackup& backup, const Destination& to, const std::function<void()>& watch);

}  // namespace bb::safety
