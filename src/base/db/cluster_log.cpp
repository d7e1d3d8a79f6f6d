#include "base/db/cluster_log.hpp"

#include <fstream>
#include <system_error>

namespace bb::db {
namespace {

namespace fs = std::filesystem;
constexpr std::uintmax_t largest = 4 * 1024 * 1024;
constexpr std::uintmax_t kept = 1024 * 1024;

std::string tail(const fs::path& file, std::uintmax_t bytes) {
    std::error_code failed;
    const auto size = fs::file_size(file, failed);
    if (failed) return {};
    std::ifstream in(file, std::ios::binary);
    if (size > bytes) in.seekg(static_cast<std::streamoff>(size - bytes));
    return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

}  // namespace

void bound_log(const fs::path& file) {
    std::error_code failed;
    const auto size = fs::file_size(file, failed);
    if (failed || size <= largest) return;
    std::ofstream(file.string() + ".1", std::ios::binary | std::ios::trunc) << tail(file, kept);
    fs::resize_file(file, 0, failed);
}

std::string end_of_log(const fs::path& file) {
    return tail(file, 1500);
}

}  // namespace bb::db
