#include "operations/safety/destination.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>
#include <system_error>

#include "base/core/crypto.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;

constexpr const char* manifest_name = "manifest.json";
constexpr const char* hold_name = "held";
constexpr std::string_view unfinished = ".unfinished-";
constexpr std::uintmax_t most_manifest = 32u << 20;

bool is_id(const std::string& name) {
    static const std::regex form(R"(\d{8}T\d{6}Z-[0-9a-f]{6})");
    return std::regex_match(name, form);
}

fs::path unfinished_folder(const fs::path& root, std::string_view id) {
    return root / (std::string(unfinished) + std::string(id));
}

StoredBackup look_at(const fs::path& folder) {
    StoredBackup backup{folder.filename(), folder, std::nullopt, {}, fs::exists(folder / hold_name)};
    try {
        auto manifest = read_manifest(read_small_file(folder / manifest_name));
        if (!manifest)
            backup.fault = manifest.error().detail;
        else if (manifest->id != backup.id)
            backup.fault = "its manifest is of another backup, " + manifest->id;
        else
            backup.manifest = std::move(*manifest);
    } catch (const std::exception& fault) {
        backup.fault = fault.what();
    }
    return backup;
}

void sync_path(const fs::path& path, int flags) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
    const bool synced = fd >= 0 && ::fsync(fd) == 0;
    const int reason = errno;
    if (fd >= 0) ::close(fd);
    if (!synced) throw std::system_error(reason, std::generic_category(), path.string());
}

}  // namespace

std::string new_backup_id(Time at) {
    std::string time = to_rfc3339(at).substr(0, 19);
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    return fmt::format("{}Z-{}", time, crypto::hex(crypto::random_bytes(3)));
}

std::string read_small_file(const fs::path& file) {
    std::error_code failed;
    const auto size = fs::file_size(file, failed);
    std::ifstream in(file, std::ios::binary);
    if (failed || !in) throw std::runtime_error(fmt::format("{} cannot be read", file.string()));
    if (size > most_manifest) throw std::runtime_error(fmt::format("{} is too large", file.string()));
    return {std::istreambuf_iterator<char>(in), {}};
}

void sync_folder(const fs::path& folder) {
    sync_path(folder, O_RDONLY | O_DIRECTORY);
}

void sync_file(const fs::path& file) {
    sync_path(file, O_RDONLY);
}

void write_small_file(const fs::path& file, std::string_view text) {
    const auto part = file.string() + ".part";
    const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool written = fd >= 0 &&
                         ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                         ::fsync(fd) == 0;
    const int reason = errno;
    if (fd >= 0) ::close(fd);
    if (!written) {
        ::unlink(part.c_str());
        throw std::system_error(reason, std::generic_category(), file.string());
    }
    fs::rename(part, file);
    sync_folder(file.parent_path());
}

void Destination::prepare() const {
    std::error_code failed;
    if (!fs::exists(root_)) {
        fs::create_directories(root_, failed);
        if (!failed) fs::permissions(root_, fs::perms::owner_all, failed);
    }
    if (failed || ::access(root_.c_str(), R_OK | W_OK | X_OK) != 0)
        throw std::runtime_error(fmt::format("Backups cannot be kept in {}: {}", root_.string(),
                                             failed ? failed.message() : std::strerror(errno)));
}

FileLock Destination::lock() const {
    const auto file = root_ / ".lock";
    auto lock = FileLock::try_take(file, FileLock::Kind::exclusive);
    if (!lock)
        throw std::runtime_error(fmt::format("Another backup is being made or removed in {} (process {}).",
                                             root_.string(), read_small_file(file)));
    lock->write(std::to_string(::getpid()));
    return std::move(*lock);
}

int Destination::remove_unfinished() const {
    std::vector<fs::path> left;
    for (const auto& entry : fs::directory_iterator(root_))
        if (entry.path().filename().string().starts_with(unfinished)) left.push_back(entry.path());
    for (const auto& folder : left) fs::remove_all(folder);
    return static_cast<int>(left.size());
}

std::vector<StoredBackup> Destination::list() const {
    std::vector<StoredBackup> found;
    if (!fs::exists(root_)) return found;
    for (const auto& entry : fs::directory_iterator(root_))
        if (entry.is_directory() && is_id(entry.path().filename())) found.push_back(look_at(entry.path()));
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return found;
}

Result<StoredBackup> Destination::find(std::string_view id) const {
    const auto all = list();
    if (id == "latest") {
        for (auto it = all.rbegin(); it != all.rend(); ++it)
            if (it->manifest) return *it;
        return Error(ErrorCode::not_found, fmt::format("There is no backup in {}.", root_.string()));
    }
    for (const auto& one : all) {
        if (one.id != id) continue;
        if (one.manifest) return one;
        return Error(ErrorCode::malformed, fmt::format("The backup {} cannot be used: {}.", id, one.fault));
    }
    return Error(ErrorCode::not_found, fmt::format("There is no backup {} in {}. \"brainbytes backup list\" "
                                                   "shows those that are.",
                                                   id, root_.string()));
}

fs::path Destination::begin(std::string_view id) const {
    const auto folder = unfinished_folder(root_, id);
    fs::create_directory(folder);
    fs::permissions(folder, fs::perms::owner_all);
    return folder;
}

fs::path Destination::commit(std::string_view id, std::string_view manifest_text) const {
    const auto folder = unfinished_folder(root_, id);
    write_small_file(folder / manifest_name, manifest_text);
    const auto place = root_ / id;
    fs::rename(folder, place);
    sync_folder(root_);
    return place;
}

void Destination::give_up(std::string_view id) const noexcept {
    std::error_code ignored;
    fs::remove_all(unfinished_folder(root_, id), ignored);
}

void Destination::remove(const StoredBackup& backup) const {
    const auto aside = unfinished_folder(root_, backup.id);
    fs::rename(backup.folder, aside);
    sync_folder(root_);
    fs::remove_all(aside);
}

void Destination::hold(const StoredBackup& backup, bool held) const {
    if (held) return write_small_file(backup.folder / hold_name, "");
    fs::remove(backup.folder / hold_name);
    sync_folder(backup.folder);
}

std::uint64_t Destination::free_bytes() const {
    return fs::space(root_).available;
}

}  // namespace bb::safety
