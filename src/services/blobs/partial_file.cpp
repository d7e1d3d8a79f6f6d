#include "services/blobs/partial_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace bb::blobs {
namespace {

namespace fs = std::filesystem;
using namespace numbered;

constexpr mode_t only_ours = 0600;
constexpr std::size_t number_size = 8;
constexpr std::size_t sealed_piece = piece_size + tag_size;

[[noreturn]] void throw_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

http::SharedDescriptor open_file(const fs::path& path, int flags) {
    const int file = ::open(path.c_str(), flags | O_CLOEXEC, only_ours);
    if (file < 0 && errno == ENOENT) return nullptr;
    if (file < 0) throw_errno("open of an upload");
    return http::share_descriptor(file);
}

std::uint64_t length_of(int file) {
    const auto end = ::lseek(file, 0, SEEK_END);
    if (end < 0) throw_errno("lseek");
    return static_cast<std::uint64_t>(end);
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

std::string read_some(int file, std::uint64_t at, std::size_t most) {
    std::string bytes(most, '\0');
    bytes.resize(http::read_at(file, at, bytes.data(), most));
    return bytes;
}

void sync_file(int file) {
    if (::fdatasync(file) != 0) throw_errno("sync of an upload");
}

void sync_folder_of(const fs::path& path) {
    const auto folder = open_file(path.parent_path(), O_RDONLY | O_DIRECTORY);
    if (!folder || ::fsync(*folder) != 0) throw_errno("sync of a folder of uploads");
}

std::uint64_t place_of(std::uint64_t piece) {
    return head_size + piece * sealed_piece;
}

/// Whole pieces in a file for a content of `bytes`; of a last one that is shorter only all of it counts.
std::uint64_t pieces_in(int file, std::uint64_t bytes) {
    if (read_some(file, 0, form.size()) != form) return 0;
    const auto length = length_of(file);
    if (length == stored_size(bytes)) return pieces_of(bytes);
    return std::min(length < head_size ? 0 : (length - head_size) / sealed_piece, bytes / piece_size);
}

fs::path rest_path(const fs::path& path) {
    return path.string() + ".rest";
}

/// Until it is on the disk.
fs::path next_rest_path(const fs::path& path) {
    return rest_path(path).string() + ".new";
}

/// What waits beside a file until its next piece is whole: the number of that piece, and its bytes, sealed.
struct Rest {
    std::uint64_t piece = 0;
    std::string sealed;
};

std::optional<Rest> read_rest(const fs::path& path) {
    const auto file = open_file(rest_path(path), O_RDONLY);
    if (!file) return std::nullopt;
    Rest rest;
    const auto number = read_some(*file, 0, number_size);
    if (number.size() != number_size) return std::nullopt;
    for (std::size_t i = number_size; i-- > 0;)
        rest.piece = rest.piece << 8 | static_cast<unsigned char>(number[i]);
    rest.sealed = read_some(*file, number_size, piece_size + 1024);
    return rest;
}

/// Sealed for its place in its file.
std::string column_of(std::uint64_t piece) {
    return "partial file at piece " + std::to_string(piece);
}

/// What sealing adds to a rest.
std::size_t added_bytes() {
    static const std::size_t added = secrets::seal({}, secrets::Key::random(), {}, {}).size();
    return added;
}

}  // namespace

PartialFile::PartialFile(FileLock lock, http::SharedDescriptor file, fs::path path, Of upload,
                         const secrets::Key& key)
    : lock_(std::move(lock)),
      file_(std::move(file)),
      path_(std::move(path)),
      upload_(upload),
      key_(key),
      cipher_(key) {
    take_up();
    if (size_ == 0) hasher_.emplace();
}

std::optional<PartialFile> PartialFile::open(const fs::path& path, Of upload, const secrets::Key& key) {
    fs::create_directories(path.parent_path());
    auto file = open_file(path, O_RDWR | O_CREAT);
    auto lock = FileLock::try_take(path, FileLock::Kind::exclusive);
    if (!lock) return std::nullopt;
    return PartialFile(std::move(*lock), std::move(file), path, upload, key);
}

std::uint64_t PartialFile::size_of(const fs::path& path, std::uint64_t bytes) {
    const auto file = open_file(path, O_RDONLY);
    if (!file) return 0;
    const auto pieces = pieces_in(*file, bytes);
    if (pieces == pieces_of(bytes)) return bytes;
    const auto rest = read_rest(path);
    const bool counts = rest && rest->piece == pieces && rest->sealed.size() > added_bytes();
    return pieces * piece_size + (counts ? rest->sealed.size() - added_bytes() : 0);
}

void PartialFile::remove(const fs::path& path) {
    std::error_code ignored;
    fs::remove(path, ignored);
    fs::remove(rest_path(path), ignored);
    fs::remove(next_rest_path(path), ignored);
}

void PartialFile::take_up() {
    written_ = pieces_in(*file_, upload_.bytes);
    if (written_ == pieces_of(upload_.bytes)) {
        size_ = upload_.bytes;
        return;
    }
    const auto end = written_ == 0 ? 0 : place_of(written_);
    if (::ftruncate(*file_, static_cast<off_t>(end)) != 0) throw_errno("truncate of an upload");
    if (end == 0) write_at(*file_, form, 0);
    const auto rest = read_rest(path_);
    if (rest && rest->piece == written_) {
        const auto column = column_of(written_);
        waiting_ = secrets::open(key_, {column, upload_.id}, rest->sealed).value_or(std::string());
    }
    size_ = written_ * piece_size + waiting_.size();
}

void PartialFile::append(std::string_view bytes) {
    if (bytes.size() > upload_.bytes - size_) throw std::length_error("more than the whole upload");
    if (hasher_) hasher_->add(bytes);
    while (!bytes.empty()) {
        const auto taken = std::min(bytes.size(), piece_size - waiting_.size());
        const auto part = bytes.substr(0, taken);
        bytes.remove_prefix(taken);
        size_ += taken;
        const bool ends_piece = waiting_.size() + taken == piece_size || is_whole();
        if (ends_piece && waiting_.empty()) {
            seal(part);
        } else {
            waiting_ += part;
            if (!ends_piece) continue;
            seal(waiting_);
            waiting_.clear();
        }
    }
    write_sealed();
}

void PartialFile::seal(std::string_view piece) {
    const auto at = sealed_.size();
    sealed_.resize(at + piece.size() + tag_size);
    cipher_.seal(written_ + at / sealed_piece, is_whole(), piece, sealed_.data() + at);
}

void PartialFile::write_sealed() {
    if (sealed_.empty()) return;
    const auto at = place_of(written_);
    write_at(*file_, sealed_, at);
    written_ += (sealed_.size() + sealed_piece - 1) / sealed_piece;
    const auto end = at + sealed_.size();
    sealed_.clear();
    writing_.up_to(*file_, end);
}

void PartialFile::keep_rest() const {
    const auto column = column_of(written_);
    std::string bytes;
    for (std::size_t i = 0; i < number_size; ++i) bytes += static_cast<char>(written_ >> (8 * i));
    bytes += secrets::seal({}, key_, {column, upload_.id}, waiting_);
    const auto next = next_rest_path(path_);
    const auto file = open_file(next, O_RDWR | O_CREAT | O_TRUNC);
    write_at(*file, bytes, 0);
    sync_file(*file);
    fs::rename(next, rest_path(path_));
}

void PartialFile::sync() {
    sync_file(*file_);
    // After the pieces before it: what it replaces may have been one of them.
    if (!waiting_.empty()) keep_rest();
    sync_folder_of(path_);
}

std::unique_ptr<http::FileSource> PartialFile::content() const {
    if (!is_whole()) throw std::logic_error("an upload is read before it is whole");
    std::shared_ptr<http::FileSource> pieces = http::whole_file(file_).source;
    std::string head(head_size, '\0');
    http::read_full(*pieces, head.data(), head.size());
    return content_of(std::move(pieces), upload_.bytes, key_);
}

crypto::Digest PartialFile::digest() {
    if (!digest_ && hasher_) digest_ = hasher_->finish();
    if (!digest_) {
        const auto source = content();
        std::string part(piece_size, '\0');
        digest_ = crypto::sha256([&]() -> std::string_view {
            return {part.data(), source->read(part.data(), part.size())};
        });
    }
    return *digest_;
}

void PartialFile::finish(const secrets::Key& key, std::string_view place) {
    if (!is_whole()) throw std::logic_error("an upload is finished before it is whole");
    // One that is stored already, before a crash, is not written to again.
    if (open_head(read_some(*file_, 0, head_size), key, place)) return;
    write_at(*file_, seal_head(key, place, key_), 0);
    sync_file(*file_);
}

}  // namespace bb::blobs
