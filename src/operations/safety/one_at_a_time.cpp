#include "operations/safety/one_at_a_time.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace bb::safety {

FileLock one_at_a_time(const std::filesystem::path& data, std::string_view what) {
    const auto file = data / "run" / fmt::format("{}.lock", what);
    std::filesystem::create_directories(file.parent_path());  // with DATABASE_URL nothing has made it yet
    auto lock = FileLock::try_take(file, FileLock::Kind::exclusive);
    if (!lock) throw std::runtime_error(fmt::format("Another {} is under way in {}.", what, data.string()));
    return std::move(*lock);
}

}  // namespace bb::safety
