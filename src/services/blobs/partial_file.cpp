#include "services/blobs/partial_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace bb::blobs {
namespace {

constexpr std::size_t longest_piece = 1 << 20;
constexpr mode_t only_ours = 0600;
constexpr std::size_t mark_size = 4;  // the length of what follows, the lowest byte first

[[noreturn]] void throw_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// Sealed for its place in its file: no piece can be taken out or put elsewhere.
std::string column_at(std::uint64_t offset) {
    return "partial file at " + std::to_string(offset);
}

/// What sealing adds to a piece.
std::size_t added_bytes() {
    static const std::size_t added = secrets::seal({}, secrets::Key::random(), {}, {}).size();
    return added;
}

std::array<char, mark_size> mark_of(std::size_t length) {
    std::array<char, mark_size> mark{};
    for (std::size_t i = 0; i < mark_size; ++i) mark[i] = static_cast<char>(length >> (8 * i));
    return mark;
}

/// Length of the sealed piece at `at`; nullopt when there is no whole one.
std::optional<std::size_t> piece_at(int file, std::uint64_t at, std::uint64_t end) {
    std::array<char, mark_size> mark{};
    if (at + mark_size > end || http::read_at(file, at, mark.data(), mark_size) != mark_size)
        return std::nullopt;
    std::size_t length = 0;
    for (std::size_t i = 0; i < mark_size; ++i)
        length |= static_cast<std::size_t>(static_cast<unsigned char>(mark[i])) << (8 * i);
    if (length <= added_bytes() || length > longest_piece + added_bytes() || at + mark_size + length > end)
        return std::nullopt;
    return length;
}

struct Extent {
    std::uint64_t content = 0;
    std::uint64_t stored = 0;
};

Extent extent_of(int file) {
    const auto end = ::lseek(file, 0, SEEK_END);
    if (end < 0) throw_errno("lseek");
    Extent extent;
    while (const auto length = piece_at(file, extent.stored, static_cast<std::uint64_t>(end))) {
        extent.stored += mark_size + *length;
        extent.content += *length - added_bytes();
    }
    return extent;
}

void write_at(int file, std::string_view bytes, std::uint64_t at) {
    while (!bytes.empty()) {
        const auto n = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw_errno("write of an upload");
        bytes.remove_prefix(static_cast<std::size_t>(n));
        at += static_cast<std::uint64_t>(n);
    }
}

/// Opens one piece after the other.
class PartialContent : public http::FileSource {
public:
    PartialContent(http::SharedDescriptor file, Uuid id, const secrets::Key& key, std::uint64_t end)
        : file_(std::move(file)), id_(id), key_(key), end_(end) {}

    std::size_t read(char* into, std::size_t room) override {
        if (taken_ == piece_.size() && at_ < end_) open_next();
        const auto n = std::min(room, piece_.size() - taken_);
        std::copy_n(piece_.data() + taken_, n, into);
        taken_ += n;
        return n;
    }

private:
    void open_next() {
        const auto length = piece_at(*file_, at_, end_);
        std::string sealed(length.value_or(0), '\0');
        const bool whole =
            length && http::read_at(*file_, at_ + mark_size, sealed.data(), *length) == *length;
        const auto column = column_at(content_);
        auto piece = whole ? secrets::open(key_, {column, id_}, sealed) : std::nullopt;
        if (!piece) throw std::runtime_error("what was uploaded was changed on the disk");
        at_ += mark_size + *length;
        content_ += piece->size();
        piece_ = std::move(*piece);
        taken_ = 0;
    }

    http::SharedDescriptor file_;
    Uuid id_;
    secrets::Key key_;
    std::uint64_t end_;
    std::uint64_t at_ = 0;
    std::uint64_t content_ = 0;
    std::string piece_;
    std::size_t taken_ = 0;
};

}  // namespace

PartialFile::PartialFile(FileLock lock, http::SharedDescriptor file, Uuid id, const secrets::Key& key)
    : lock_(std::move(lock)), file_(std::move(file)), id_(id), key_(key) {
    const auto extent = extent_of(*file_);
    size_ = extent.content;
    stored_ = extent.stored;
    if (::ftruncate(*file_, static_cast<off_t>(stored_)) != 0) throw_errno("truncate of an upload");
}

std::optional<PartialFile> PartialFile::open(const std::filesystem::path& path, Uuid id,
                                             const secrets::Key& key) {
    std::filesystem::create_directories(path.parent_path());
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, only_ours);
    if (file < 0) throw_errno("open of an upload");
    auto shared = http::share_descriptor(file);
    auto lock = FileLock::try_take(path, FileLock::Kind::exclusive);
    if (!lock) return std::nullopt;
    return PartialFile(std::move(*lock), std::move(shared), id, key);
}

std::uint64_t PartialFile::size_of(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT) return 0;
    if (file < 0) throw_errno("open of an upload");
    const auto shared = http::share_descriptor(file);
    return extent_of(file).content;
}

void PartialFile::append(std::string_view piece) {
    if (piece.empty()) return;
    if (piece.size() > longest_piece) throw std::length_error("a piece of an upload is too long");
    const auto column = column_at(size_);
    const auto sealed = secrets::seal({}, key_, {column, id_}, piece);
    const auto mark = mark_of(sealed.size());
    std::string bytes(mark.data(), mark.size());
    bytes += sealed;
    write_at(*file_, bytes, stored_);
    stored_ += bytes.size();
    size_ += piece.size();
}

void PartialFile::sync() {
    if (::fdatasync(*file_) != 0) throw_errno("sync of an upload");
}

std::unique_ptr<http::FileSource> PartialFile::content() const {
    return std::make_unique<PartialContent>(file_, id_, key_, stored_);
}

}  // namespace bb::blobs
