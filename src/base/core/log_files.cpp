#include "base/core/log_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "base/core/crypto.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/time.hpp"

namespace bb::log {
namespace {

constexpr std::size_t most_early = 256 * 1024;
constexpr std::chrono::seconds look_every{1}, tell_every{1};
constexpr std::chrono::hours prune_every{1};
constexpr std::string_view form =
    "dddddddd"
    "Tdddddd"
    "Z-xxxxxxxx.jsonl";

struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
};

struct OldFile {
    std::string name;
    std::uint64_t bytes;
    std::int64_t written;  // seconds of the epoch
};

/// Files of the log in that folder, the newest first.
std::vector<OldFile> files_in(int folder) {
    std::vector<OldFile> files;
    const int again = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, CloseFolder> reading(again < 0 ? nullptr : ::fdopendir(again));
    if (!reading) return files;
    while (const dirent* entry = ::readdir(reading.get())) {
        struct stat state {};
        if (!LogFiles::is_ours(entry->d_name)) continue;
        if (::fstatat(folder, entry->d_name, &state, AT_SYMLINK_NOFOLLOW) != 0) continue;
        files.push_back({entry->d_name, static_cast<std::uint64_t>(state.st_size), state.st_mtim.tv_sec});
    }
    std::sort(files.begin(), files.end(), [](const OldFile& a, const OldFile& b) { return a.name > b.name; });
    return files;
}

std::int64_t seconds_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(now().time_since_epoch()).count();
}

std::int64_t today() {
    return seconds_now() / 86'400;
}

std::string new_name() {
    std::string stamp = to_rfc3339(now()).substr(0, 19);
    std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
    return stamp + "Z-" + crypto::hex(crypto::random_bytes(4)) + ".jsonl";
}

std::string line_about(std::size_t lost) {
    JsonWriter json;
    json.object().field("time", now()).field("level", "warn").field("event", "log lines dropped");
    json.field("lines", static_cast<std::int64_t>(lost));
    return json.end().take() + '\n';
}

std::size_t lines_in(std::string_view text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

bool LogFiles::is_ours(std::string_view name) {
    if (name.size() != form.size()) return false;
    for (std::size_t i = 0; i < form.size(); ++i) {
        const auto c = static_cast<unsigned char>(name[i]);
        const bool fits = form[i] == 'd'   ? std::isdigit(c) != 0
                          : form[i] == 'x' ? std::isxdigit(c) != 0
                                           : name[i] == form[i];
        if (!fits) return false;
    }
    return true;
}

LogFiles::LogFiles(Tell tell) : tell_(std::move(tell)) {}

LogFiles::~LogFiles() {
    close_file();
    if (folder_fd_ >= 0) ::close(folder_fd_);
}

void LogFiles::open(std::filesystem::path folder, FileLimits limits) {
    const std::lock_guard lock(mutex_);
    folder_ = std::move(folder);
    limits_ = limits;
}

void LogFiles::write(std::string_view lines) {
    std::string early;
    {
        const std::lock_guard lock(mutex_);
        if (folder_.empty()) {
            if (early_.size() + lines.size() <= most_early) early_ += lines;
            return;
        }
        early = std::exchange(early_, {});
        path_ = folder_;
        now_ = limits_;
    }
    early += lines;
    if (early.empty()) return;
    if (!make_ready(early.size() + 256)) {
        lost_ += lines_in(early);
        return tell();
    }
    std::string text = torn_ ? "\n" : "";
    if (lost_ > 0) text += line_about(lost_);
    text += early;
    const auto sent = write_some(text);
    const auto left = std::string_view(text).substr(sent);
    if (sent > 0) torn_ = text[sent - 1] != '\n';
    if (left.size() < text.size()) lost_ = 0;
    lost_ += lines_in(left);
    if (left.empty()) fault_.clear();
    tell();
}

bool LogFiles::make_ready(std::size_t bytes) {
    const auto current = Clock::now();
    const bool look = current - looked_ >= look_every;
    if (file_ >= 0 &&
        (day_ != today() || (size_ > 0 && size_ + bytes > now_.file_bytes) || (look && !still_there())))
        close_file();
    if (!look && file_ < 0 && name_.empty()) return false;  // the disk said no a moment ago
    if (look) {
        looked_ = current;
        if (!open_folder() || !has_room()) {
            close_file();
            name_.clear();
            return false;
        }
    }
    if (file_ < 0 && !open_file()) {
        name_.clear();
        return false;
    }
    if (!pruned_ || current - *pruned_ >= prune_every) {
        pruned_ = current;
        prune();
    }
    return true;
}

bool LogFiles::open_folder() {
    if (folder_fd_ >= 0) {
        struct stat state {};
        if (::fstat(folder_fd_, &state) == 0 && state.st_nlink > 0) return true;
        ::close(std::exchange(folder_fd_, -1));
    }
    if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) return refused("it cannot be made", errno);
    folder_fd_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder_fd_ < 0) return refused("it cannot be opened", errno);
    ::fchmod(folder_fd_, 0700);
    return true;
}

bool LogFiles::has_room() {
    struct statvfs disk {};
    if (::fstatvfs(folder_fd_, &disk) != 0) return refused("its disk does not tell its room", errno);
    if (std::uint64_t(disk.f_bavail) * disk.f_frsize > now_.room_left) return true;
    return refused("its disk is nearly full", ENOSPC);
}

bool LogFiles::still_there() const {
    struct stat state {};
    return ::fstat(file_, &state) == 0 && state.st_nlink > 0;
}

bool LogFiles::open_file() {
    if (folder_fd_ < 0) return false;
    name_ = new_name();
    const int flags = O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    file_ = ::openat(folder_fd_, name_.c_str(), flags, 0600);
    if (file_ < 0) return refused("no file can be made in it", errno);
    day_ = today();
    size_ = 0;
    torn_ = false;
    pruned_.reset();  // at each new file
    return true;
}

void LogFiles::close_file() {
    if (file_ >= 0) ::close(std::exchange(file_, -1));
}

void LogFiles::prune() const {
    const auto oldest = seconds_now() - std::int64_t(now_.days) * 86'400;
    std::uint64_t bytes = 0;
    std::size_t kept = 0;
    for (const auto& file : files_in(folder_fd_)) {
        if (file.name == name_) continue;
        bytes += file.bytes;
        if (file.written >= oldest && bytes <= now_.total_bytes && kept < now_.files)
            ++kept;
        else
            ::unlinkat(folder_fd_, file.name.c_str(), 0);  // another process may have been faster
    }
}

std::size_t LogFiles::write_some(std::string_view text) {
    std::size_t sent = 0;
    while (sent < text.size()) {
        const auto n = ::write(file_, text.data() + sent, text.size() - sent);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            refused("its file takes no more", n < 0 ? errno : ENOSPC);
            break;
        }
        sent += static_cast<std::size_t>(n);
    }
    size_ += sent;
    return sent;
}

bool LogFiles::refused(std::string_view what, int reason) {
    fault_ = fmt::format("{}: {}", what, std::generic_category().message(reason));
    return false;
}

void LogFiles::tell() {
    const bool at_fault = !fault_.empty();
    if (at_fault == told_ || !tell_) return;
    const auto current = Clock::now();
    // A disk that is full now and then must not fill standard error.
    if (at_fault && told_at_ && current - *told_at_ < tell_every) return;
    if (at_fault) told_at_ = current;
    told_ = at_fault;
    tell_(path_, fault_);
}

}  // namespace bb::log
