#include "operations/safety/part.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace bb::safety {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file) {
    throw std::system_error(errno, std::generic_category(), file.string());
}

int make_file(const std::filesystem::path& file) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) fail(file);
    return fd;
}

http::SharedDescriptor open_file(const std::filesystem::path& file) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        throw std::runtime_error(fmt::format("{} cannot be opened: {}", file.string(), std::strerror(errno)));
    return http::share_descriptor(fd);
}

std::string place_of(std::string_view backup, std::string_view name) {
    return fmt::format("backup {}/{}", backup, name);
}

}  // namespace

PartWriter::PartWriter(const std::filesystem::path& folder, std::string name, std::string_view backup,
                       const secrets::Key& key, int workers)
    : part_{std::move(name), 0, 0, {}},
      file_(make_file(part_file(folder, part_.name))),
      sealer_(key, place_of(backup, part_.name), [this](std::string_view sealed) { store(sealed); }),
      compressor_(workers, [this](std::string_view bytes) { sealer_.add(bytes); }) {}

PartWriter::~PartWriter() {
    if (file_ >= 0) ::close(file_);
}

void PartWriter::store(std::string_view sealed) {
    hasher_.add(sealed);
    part_.stored_bytes += sealed.size();
    while (!sealed.empty()) {
        const ssize_t put = ::write(file_, sealed.data(), sealed.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) fail(part_.name);
        sealed.remove_prefix(static_cast<std::size_t>(put));
    }
}

void PartWriter::add(std::string_view bytes) {
    part_.bytes += bytes.size();
    compressor_.add(bytes);
}

Part PartWriter::finish() {
    compressor_.finish();
    sealer_.finish();
    if (::fsync(file_) != 0) fail(part_.name);
    part_.sha256 = hasher_.finish();
    return std::move(part_);
}

std::filesystem::path part_file(const std::filesystem::path& backup_folder, std::string_view name) {
    return backup_folder / (std::string(name) + ".sealed");
}

std::shared_ptr<http::FileSource> open_part(const std::filesystem::path& backup_folder, std::string_view name,
                                            std::string_view backup, const secrets::Key& key) {
    const auto file = part_file(backup_folder, name);
    auto opened = blobs::open_sealed_file(open_file(file), key, place_of(backup, name));
    if (!opened) throw std::runtime_error(fmt::format("{} was changed or cut off", file.filename().string()));
    return decompressed(std::move(opened->source));
}

void check_part(const std::filesystem::path& backup_folder, const Part& part) {
    const auto file = part_file(backup_folder, part.name);
    const auto body = http::whole_file(open_file(file));
    if (body.size != part.stored_bytes)
        throw std::runtime_error(fmt::format("{} has {} bytes instead of {}", file.filename().string(),
                                             body.size, part.stored_bytes));
    Hasher hasher;
    std::string chunk(256 * 1024, '\0');
    while (const auto got = body.source->read(chunk.data(), chunk.size()))
        hasher.add(std::string_view(chunk).substr(0, got));
    if (hasher.finish() != part.sha256)
        throw std::runtime_error(fmt::format("{} was changed", file.filename().string()));
}

}  // namespace bb::safety
