#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "base/config/config.hpp"
#include "base/core/file_lock.hpp"

namespace bb::cli {

/// A data folder for as long as a restore takes, whose uploaded files are those of the installation: it has
/// the room to unpack, and on their filesystem files are put in place without a copy.
class Room {
public:
    /// Makes `folder` the data folder in `config`; empty: nothing changes. Throws std::runtime_error.
    Room(config::Config& config, const std::string& folder);
    ~Room();
    Room(const Room&) = delete;

private:
    std::filesystem::path folder_;
    std::optional<FileLock> lock_;  // who has not got it removes nothing
};

}  // namespace bb::cli
