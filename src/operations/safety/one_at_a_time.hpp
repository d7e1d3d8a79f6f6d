#pragma once
#include <filesystem>
#include <string_view>

#include "base/core/file_lock.hpp"

namespace bb::safety {

/// The lock of what is done on a data folder by one at a time, `what` being "restore" or "drill". Throws
/// std::runtime_error with a sentence when another one is under way.
FileLock one_at_a_time(const std::filesystem::path& data, std::string_view what);

}  // namespace bb::safety
