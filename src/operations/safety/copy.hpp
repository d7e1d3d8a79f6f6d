#pragma once
#include <functional>

#include "operations/safety/destination.hpp"

namespace bb::safety {

/// Copies a backup whose manifest can be read into another place, where it is whole or not there; the hash of
/// each part is compared while it passes. `watch` is called again and again, and throws to end it. Throws
/// std::runtime_error with a sentence: no room, a part was changed; as Store does.
void copy_backup(const StoredBackup& backup, const Destination& to, const std::function<void()>& watch);

}  // namespace bb::safety
