#include "operations/safety/folder_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "base/core/early_writing.hpp"
#include "base/core/file_lock.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view unfinished = ".unfinished-";
constexpr std::string_view part_suffix = ".part";
constexpr std::chrono::hours drafts_last{1};
constexpr std::uintmax_t most_small = 32u << 20;

[[noreturn]] void fail(const fs::path& path, int reason) {
    throw std::system_error(reason, std::generic_category(), path.string());
}

void sync_path(const fs::path& path, int flags) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
    const bool synced = fd >= 0 && ::fsync(fd) == 0;
    const int reason = errno;
    if (fd >= 0) ::close(fd);
    if (!synced) fail(path, reason);
}

void sync_folder(const fs::path& folder) {
    sync_path(folder, O_RDONLY | O_DIRECTORY);
}

/// Each level is there for good before the next is made in it.
void make_folders(const fs::path& folder) {
    if (fs::exists(folder)) return;
    make_folders(folder.parent_path());
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) fail(folder, errno);
    sync_folder(folder.parent_path());
}

/// A file in a folder that exists by now, also for good. The root itself is prepare()'s: where a disk is not
/// mounted, nothing is to be written under its name.
fs::path place_for(const fs::path& root, std::string_view name) {
    const auto file = root / name;
    if (fs::exists(root)) make_folders(file.parent_path());
    return file;
}

void write_all(int fd, std::string_view bytes, const fs::path& file) {
    while (!bytes.empty()) {
        const ssize_t put = ::write(fd, bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) fail(file, errno);
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
}

/// A new file under a name of its own until it is whole.
class FileWriter : public ObjectWriter {
public:
    explicit FileWriter(fs::path file)
        : file_(std::move(file)),
          part_(file_.string() + std::string(part_suffix)),
          fd_(::open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {
        if (fd_ < 0) fail(part_, errno);
    }
    ~FileWriter() override {
        if (fd_ < 0) return;
        ::close(fd_);
        ::unlink(part_.c_str());
    }
    FileWriter(const FileWriter&) = delete;

    void write(std::string_view bytes) override {
        write_all(fd_, bytes, file_);
        writing_.up_to(fd_, written_ += bytes.size());
    }
    void finish() override {
        if (::fsync(fd_) != 0) fail(part_, errno);
        fs::rename(part_, file_);
        ::close(std::exchange(fd_, -1));
        sync_folder(file_.parent_path());
    }

private:
    fs::path file_, part_;
    int fd_;
    std::uint64_t written_ = 0;
    EarlyWriting writing_;
};

struct HeldLock : Store::Lock {
    explicit HeldLock(FileLock lock) : lock(std::move(lock)) {}
    FileLock lock;
};

/// Whether it went well; false: it has gone meanwhile. Throws std::system_error.
bool went_well(const std::error_code& failed, const fs::path& path) {
    if (!failed) return true;
    if (failed == std::errc::no_such_file_or_directory) return false;
    fail(path, failed.value());
}

/// Every file below `top` with its size; what others remove meanwhile may be missing.
template <class Use>
void each_file(const fs::path& top, Use&& use) {
    std::vector<fs::path> folders{top};
    while (!folders.empty()) {
        const auto folder = std::move(folders.back());
        folders.pop_back();
        std::error_code failed;
        fs::directory_iterator entry(folder, failed);
        for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
            std::error_code gone;
            const bool is_folder = entry->symlink_status(gone).type() == fs::file_type::directory;
            if (is_folder) folders.push_back(entry->path());
            const bool is_file = !gone && !is_folder && entry->is_regular_file(gone);
            const auto bytes = is_file && !gone ? entry->file_size(gone) : 0;
            if (went_well(gone, entry->path()) && is_file) use(entry->path(), bytes);
        }
        went_well(failed, folder);
    }
}

bool is_ours(const fs::path& file) {
    const auto name = file.filename().string();
    return !name.starts_with('.') && !name.ends_with(part_suffix);
}

/// The process in a lock file: who has just taken it writes that a moment later.
std::string holder_in(const fs::path& file) {
    std::string holder;
    for (int tries = 0; tries < 100 && (holder = read_small_file(file)).empty(); ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return holder;
}

}  // namespace

std::string read_small_file(const fs::path& file) {
    std::error_code failed;
    const auto size = fs::file_size(file, failed);
    std::ifstream in(file, std::ios::binary);
    if (failed || !in) throw std::runtime_error(fmt::format("{} cannot be read", file.string()));
    if (size > most_small) throw std::runtime_error(fmt::format("{} is too large", file.string()));
    return {std::istreambuf_iterator<char>(in), {}};
}

void write_small_file(const fs::path& file, std::string_view text) {
    FileWriter writer(file);
    writer.write(text);
    writer.finish();
}

std::optional<std::uint64_t> FolderStore::free_bytes() const {
    return fs::space(root_).available;
}

void FolderStore::prepare() const {
    std::error_code failed;
    if (!fs::exists(root_)) {
        fs::create_directories(root_, failed);
        if (!failed) fs::permissions(root_, fs::perms::owner_all, failed);
    }
    if (failed || ::access(root_.c_str(), R_OK | W_OK | X_OK) != 0)
        throw std::runtime_error(fmt::format("Backups cannot be kept in {}: {}", root_.string(),
                                             failed ? failed.message() : std::strerror(errno)));
}

std::unique_ptr<Store::Lock> FolderStore::lock() const {
    const auto file = root_ / ".lock";
    auto lock = FileLock::try_take(file, FileLock::Kind::exclusive);
    if (!lock)
        throw std::runtime_error(fmt::format("Another backup is being made or removed in {} (process {}).",
                                             root_.string(), holder_in(file)));
    lock->write(std::to_string(::getpid()));
    return std::make_unique<HeldLock>(std::move(*lock));
}

std::vector<Store::Entry> FolderStore::list(std::string_view under) const {
    std::vector<Entry> found;
    each_file(root_ / under.substr(0, under.rfind('/') + 1), [&](const fs::path& file, std::uint64_t bytes) {
        auto name = file.lexically_relative(root_).string();
        // Drafts are listed to who names them alone.
        const bool hidden = name.starts_with('.') && !under.starts_with('.');
        if (is_ours(file) && name.starts_with(under) && !hidden)
            found.push_back(Entry{std::move(name), bytes});
    });
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return found;
}

std::vector<std::string> FolderStore::folders() const {
    std::vector<std::string> found;
    if (!fs::exists(root_)) return found;
    for (const auto& entry : fs::directory_iterator(root_))
        if (entry.is_directory() && is_ours(entry.path())) found.push_back(entry.path().filename());
    return found;
}

std::optional<std::string> FolderStore::get(std::string_view name) const {
    if (!fs::exists(root_ / name)) return std::nullopt;
    return read_small_file(root_ / name);
}

void FolderStore::put(std::string_view name, std::string_view content) const {
    write_small_file(place_for(root_, name), content);
}

void FolderStore::remove(std::string_view name) const {
    const auto file = root_ / name;
    if (fs::remove(file)) sync_folder(file.parent_path());
}

std::unique_ptr<ObjectWriter> FolderStore::write(std::string_view name) const {
    return std::make_unique<FileWriter>(place_for(root_, name));
}

http::FileBody FolderStore::read(std::string_view name) const {
    const auto file = root_ / name;
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        throw std::runtime_error(fmt::format("{} cannot be opened: {}", file.string(), std::strerror(errno)));
    return http::whole_file(http::share_descriptor(fd));
}

std::string FolderStore::draft(std::string_view id) const {
    return std::string(unfinished) + std::string(id);
}

void FolderStore::publish(std::string_view id, std::string_view manifest) const {
    put(draft(id) + "/" + manifest_name, manifest);
    fs::rename(root_ / draft(id), root_ / id);
    sync_folder(root_);
}

void FolderStore::discard(std::string_view id) const {
    fs::remove_all(root_ / draft(id));
}

void FolderStore::withdraw(std::string_view id) const {
    fs::rename(root_ / id, root_ / draft(id));
    sync_folder(root_);
    discard(id);
}

int FolderStore::remove_drafts() const {
    std::vector<fs::path> left;
    for (const auto& entry : fs::directory_iterator(root_))
        if (entry.path().filename().string().starts_with(unfinished)) left.push_back(entry.path());
    for (const auto& folder : left) fs::remove_all(folder);
    // Pieces of the log are written beside a backup, without its lock: those of this hour may still grow.
    each_file(root_ / "wal", [](const fs::path& file, std::uint64_t) {
        std::error_code gone;
        if (!file.string().ends_with(part_suffix)) return;
        const auto age = fs::file_time_type::clock::now() - fs::last_write_time(file, gone);
        if (!gone && age > drafts_last) fs::remove(file, gone);
    });
    return static_cast<int>(left.size());
}

}  // namespace bb::safety
