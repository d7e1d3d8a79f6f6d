#include "services/personal/zip_writer.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace bb::personal {
namespace {

struct FreeEntry {
    void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

}  // namespace

void ZipWriter::Free::operator()(struct archive* zip) const {
    archive_write_free(zip);
}

ZipWriter::ZipWriter(int descriptor) : zip_(archive_write_new()) {
    check(archive_write_set_format_zip(zip_.get()));
    check(archive_write_zip_set_compression_deflate(zip_.get()));
    // Texts shrink nearly as much at the lowest level, in a third of the time.
    check(archive_write_set_format_option(zip_.get(), "zip", "compression-level", "1"));
    check(archive_write_open_fd(zip_.get(), descriptor));
}

ZipWriter::~ZipWriter() = default;

void ZipWriter::check(int code) {
    if (code == ARCHIVE_OK) return;
    const char* why = archive_error_string(zip_.get());
    throw std::runtime_error(std::string("an archive cannot be written: ") + (why ? why : "no reason given"));
}

void ZipWriter::begin(const std::string& name, Time modified) {
    const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0600);
    archive_entry_set_mtime(
        entry.get(), std::chrono::duration_cast<std::chrono::seconds>(modified.time_since_epoch()).count(),
        0);
    check(archive_write_header(zip_.get(), entry.get()));
}

void ZipWriter::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto n = archive_write_data(zip_.get(), bytes.data(), bytes.size());
        if (n <= 0) check(ARCHIVE_FATAL);
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

std::size_t ZipWriter::copy(http::FileSource& from, std::size_t limit) {
    std::vector<char> buffer(64 * 1024);
    std::size_t copied = 0;
    while (copied < limit) {
        const auto n = from.read(buffer.data(), std::min(buffer.size(), limit - copied));
        if (n == 0) break;
        write({buffer.data(), n});
        copied += n;
    }
    return copied;
}

void ZipWriter::finish() {
    check(archive_write_close(zip_.get()));
}

std::shared_ptr<int> nameless_file(const std::filesystem::path& folder) {
    int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {  // not every file system has them
        std::string name = (folder / ".nameless-XXXXXX").string();
        fd = ::mkostemp(name.data(), O_CLOEXEC);
        if (fd < 0) throw std::system_error(errno, std::generic_category(), "create a file");
        ::unlink(name.c_str());
    }
    return std::shared_ptr<int>(new int(fd), [](int* open) {
        ::close(*open);
        delete open;
    });
}

std::uint64_t size_of(int descriptor) {
    struct stat info {};
    if (::fstat(descriptor, &info) != 0)
        throw std::system_error(errno, std::generic_category(), "look at a file");
    return static_cast<std::uint64_t>(info.st_size);
}

}  // namespace bb::personal
