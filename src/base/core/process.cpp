#include "base/core/process.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/core/number.hpp"

namespace bb::process {
namespace {

/// Of the processes that no container holds.
constexpr std::string_view outermost_space = "4026531836";

std::string first_word_of(const char* file) {
    std::ifstream in(file);
    std::string word;
    in >> word;
    return word.empty() ? "-" : word;
}

std::string machine() {
    char host[256] = {};
    ::gethostname(host, sizeof host - 1);
    return fmt::format("{}:{}", host, first_word_of("/etc/machine-id"));
}

std::string boot() {
    return first_word_of("/proc/sys/kernel/random/boot_id");
}

/// In what process numbers are counted.
std::string space() {
    std::error_code failed;
    auto link = std::filesystem::read_symlink("/proc/self/ns/pid", failed).string();  // "pid:[4026531836]"
    std::erase_if(link, [](char c) { return c < '0' || c > '9'; });
    return link;
}

}  // namespace

std::int64_t start_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(file, line)) return 0;
    // The name, second, stands in brackets and may hold anything.
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    std::string state;
    fields >> state;
    if (state == "Z" || state == "X") return 0;
    std::string skipped;
    for (int field = 4; field <= 21; ++field) fields >> skipped;
    std::int64_t ticks = 0;
    fields >> ticks;
    return ticks;
}

std::string own_name() {
    return fmt::format("{}/{}/{}/{}/{}", machine(), boot(), space(), ::getpid(), start_of(::getpid()));
}

bool has_ended(std::string_view name) {
    std::array<std::string_view, 5> parts;
    for (auto& part : parts) {
        const auto end = std::min(name.find('/'), name.size());
        part = name.substr(0, end);
        name.remove_prefix(std::min(end + 1, name.size()));
    }
    const auto pid = parse_number<pid_t>(parts[3]);
    const auto start = parse_number<std::int64_t>(parts[4]);
    if (!pid || *pid <= 0 || !start || parts[0] != machine() || parts[2] != space()) return false;
    // Containers of other machines may bear the same names.
    if (parts[1] != boot()) return parts[2] == outermost_space;
    return start_of(*pid) != *start;
}

}  // namespace bb::process
