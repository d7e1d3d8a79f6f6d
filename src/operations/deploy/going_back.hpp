#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "operations/deploy/control.hpp"

namespace bb::deploy {

/// A rollback that replaces the database, on its way. It is on the disk from before the database changes
/// until the release is kept that belongs to it: whatever is killed in between, who starts a server next
/// looks which database is there, and starts what belongs to that.
struct GoingBack {
    std::string release;  ///< that is gone back to
    int migration = 0;    ///< that the database has as long as it was not replaced
    std::string process;  ///< that does it (process::own_name())
};

/// Throws std::system_error.
void note_going_back(const std::filesystem::path& data, const GoingBack& one);
/// Nothing: none is under way, and none was broken off.
std::optional<GoingBack> going_back(const std::filesystem::path& data);
void forget_going_back(const std::filesystem::path& data);

/// Whether somebody is still at it. What is of another container has ended with that.
bool is_alive(const GoingBack& one);
/// Whether the database is the one that was brought back. Throws std::runtime_error when it cannot be asked.
bool is_replaced(const Surroundings& around, int migration);

}  // namespace bb::deploy
