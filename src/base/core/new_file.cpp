#include "base/core/new_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace bb {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path) {
    throw std::system_error(errno, std::generic_category(), path.string());
}

}  // namespace

NewFile::NewFile(std::filesystem::path path, mode_t mode)
    : path_(std::move(path)), fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)) {
    if (fd_ < 0) fail(path_);
}

NewFile::~NewFile() {
    if (fd_ < 0) return;
    ::close(fd_);
    ::unlink(path_.c_str());
}

void NewFile::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto wrote = ::write(fd_, bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) fail(path_);
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

void NewFile::finish() {
    if (::fsync(fd_) != 0) fail(path_);
    ::close(std::exchange(fd_, -1));
}

void write_new_file(const std::filesystem::path& path, std::string_view text, mode_t mode) {
    NewFile file(path, mode);
    file.write(text);
    file.finish();
}

}  // namespace bb
