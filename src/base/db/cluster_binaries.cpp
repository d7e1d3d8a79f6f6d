#include "base/db/cluster_binaries.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "base/db/cluster_process.hpp"

namespace bb::db {
namespace {

namespace fs = std::filesystem;

bool is_server(const fs::path& folder) {
    return access((folder / "postgres").c_str(), X_OK) == 0 && access((folder / "initdb").c_str(), X_OK) == 0;
}

/// The first number in a text such as "15" or "postgres (PostgreSQL) 15.4 (Debian ...)"; 0 when there is
/// none.
int first_number(const std::string& text) {
    int number = 0;
    const auto digit = text.find_first_of("0123456789");
    if (digit != std::string::npos) std::from_chars(text.data() + digit, text.data() + text.size(), number);
    return number;
}

std::string first_line_of(const std::vector<std::string>& command) {
    const auto finished = run_program(command, "/");
    return finished.code == 0 ? finished.output.substr(0, finished.output.find('\n')) : std::string();
}

void add_versioned_folders(std::vector<Binaries>& found, const fs::path& parent, const std::string& prefix) {
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(parent, failed)) {
        const auto name = entry.path().filename().string();
        if (name.rfind(prefix, 0) != 0) continue;
        const int major = first_number(name.substr(prefix.size()));
        if (major > 0 && is_server(entry.path() / "bin")) found.push_back({major, entry.path() / "bin"});
    }
}

void add_folder(std::vector<Binaries>& found, const fs::path& folder) {
    if (folder.empty() || !is_server(folder)) return;
    const int major = first_number(first_line_of({folder / "postgres", "--version"}));
    if (major > 0) found.push_back({major, folder});
}

void add_from_path(std::vector<Binaries>& found) {
    const char* path = std::getenv("PATH");
    std::string rest = path ? path : "";
    while (!rest.empty()) {
        const auto colon = rest.find(':');
        const fs::path folder = rest.substr(0, colon);
        add_folder(found, folder);
        if (found.empty() && access((folder / "pg_config").c_str(), X_OK) == 0)
            add_folder(found, first_line_of({folder / "pg_config", "--bindir"}));
        rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
    }
}

std::string majors_of(const std::vector<Binaries>& installed) {
    std::string list;
    for (const auto& one : installed) list += fmt::format("{}{}", list.empty() ? "" : ", ", one.major);
    return list.empty() ? "none" : list;
}

}  // namespace

std::vector<Binaries> installed_binaries() {
    std::vector<Binaries> found;
    add_versioned_folders(found, "/usr/lib/postgresql", "");
    add_versioned_folders(found, "/usr", "pgsql-");
    if (found.empty()) add_from_path(found);
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.major > b.major; });
    return found;
}

Binaries choose_binaries(const std::vector<Binaries>& installed, std::optional<int> major,
                         const fs::path& folder) {
    for (const auto& one : installed)
        if (major ? one.major == *major : one.major >= oldest_major) return one;
    if (!major)
        throw std::runtime_error(fmt::format(
            "PostgreSQL {} or newer is needed for the private database, and this machine has: {}. Install it "
            "(Debian: apt-get install postgresql-{}) or set DATABASE_URL to a running one.",
            oldest_major, majors_of(installed), oldest_major));
    throw std::runtime_error(fmt::format(
        "The database in {} was made by PostgreSQL {}, and this machine has: {}. Nothing was changed. "
        "Install that "
        "version beside the others (Debian: apt-get install postgresql-{}), or move the data over with "
        "{}'s pg_upgrade or pg_dump, or choose another BRAINBYTES_DATA.",
        folder.string(), *major, majors_of(installed), *major, majors_of(installed)));
}

bool has_statements(const Binaries& binaries) {
    std::error_code failed;
    const auto root = binaries.folder.parent_path();
    for (const char* folder : {"lib", "lib/postgresql", "lib64/pgsql"})
        if (fs::is_regular_file(root / folder / "pg_stat_statements.so", failed)) return true;
    return false;
}

std::optional<int> cluster_major(const fs::path& folder) {
    std::ifstream in(folder / "PG_VERSION");
    std::string text;
    if (!in || !std::getline(in, text)) return std::nullopt;
    return first_number(text);
}

}  // namespace bb::db
