#include "operations/safety/tar.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <cerrno>
#include <exception>
#include <stdexcept>
#include <utility>

namespace bb::safety {
namespace {

constexpr std::size_t chunk_size = 128 * 1024;

using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

}  // namespace

struct TarWriter::Sink {
    Write write;
    std::exception_ptr failure = nullptr;  // exceptions do not cross a C library

    static la_ssize_t take(archive* archive, void* self, const void* bytes, std::size_t size) {
        auto& sink = *static_cast<Sink*>(self);
        try {
            sink.write({static_cast<const char*>(bytes), size});
            return static_cast<la_ssize_t>(size);
        } catch (...) {
            sink.failure = std::current_exception();
            archive_set_error(archive, EIO, "it cannot be written");
            return -1;
        }
    }
};

TarWriter::TarWriter(Write write)
    : sink_(std::make_unique<Sink>(Sink{std::move(write)})), archive_(archive_write_new()) {
    if (!archive_) throw std::bad_alloc();
    check(archive_write_set_format_pax_restricted(archive_));
    check(archive_write_set_bytes_per_block(archive_, static_cast<int>(chunk_size)));
    check(archive_write_open(archive_, sink_.get(), nullptr, Sink::take, nullptr));
}

TarWriter::~TarWriter() {
    // Closing would write: what was not finished stays so.
    archive_write_fail(archive_);
    archive_write_free(archive_);
}

void TarWriter::check(long result) {
    if (result >= ARCHIVE_OK) return;
    if (sink_->failure) std::rethrow_exception(sink_->failure);
    const char* why = archive_error_string(archive_);
    throw std::runtime_error(why ? why : "a file could not be packed");
}

void TarWriter::add(const std::string& name, std::uint64_t size, http::FileSource& content) {
    const Entry entry(archive_entry_new(), archive_entry_free);
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0600);
    check(archive_write_header(archive_, entry.get()));
    std::string chunk(chunk_size, '\0');
    std::uint64_t done = 0;
    while (const auto got = content.read(chunk.data(), chunk.size())) {
        check(archive_write_data(archive_, chunk.data(), got));
        done += got;
    }
    if (done != size) throw std::runtime_error(fmt::format("{} changed while it was read", name));
}

void TarWriter::add(const std::string& name, std::string_view text) {
    add(name, text.size(), *http::source_of(text));
}

void TarWriter::finish() {
    check(archive_write_close(archive_));
}

struct TarReader::Source {
    std::shared_ptr<http::FileSource> content;
    std::string chunk = std::string(chunk_size, '\0');
    std::exception_ptr failure = nullptr;

    static la_ssize_t give(archive* archive, void* self, const void** bytes) {
        auto& source = *static_cast<Source*>(self);
        try {
            *bytes = source.chunk.data();
            return static_cast<la_ssize_t>(
                http::read_full(*source.content, source.chunk.data(), source.chunk.size()));
        } catch (...) {
            source.failure = std::current_exception();
            archive_set_error(archive, EIO, "it cannot be read");
            return -1;
        }
    }

    void check(archive* archive, long result) const {
        if (result >= ARCHIVE_WARN) return;
        if (failure) std::rethrow_exception(failure);
        const char* why = archive_error_string(archive);
        throw std::runtime_error(why ? why : "packed files could not be read");
    }
};

TarReader::TarReader(std::shared_ptr<http::FileSource> source, Holds holds)
    : source_(std::make_unique<Source>(Source{std::move(source)})),
      archive_(archive_read_new()),
      holds_(holds) {
    if (!archive_) throw std::bad_alloc();
    source_->check(archive_, archive_read_support_format_tar(archive_));
    source_->check(archive_, archive_read_support_format_empty(archive_));
    source_->check(archive_, archive_read_open(archive_, source_.get(), nullptr, Source::give, nullptr));
}

TarReader::~TarReader() {
    archive_read_free(archive_);
}

std::optional<TarReader::Entry> TarReader::next() {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(archive_, &entry);
    if (result == ARCHIVE_EOF) {
        // The sealed stream must end where the packed one does: its own end is proven there.
        char rest;
        while (source_->content->read(&rest, 1) == 1) continue;
        return std::nullopt;
    }
    source_->check(archive_, result);
    const char* name = archive_entry_pathname(entry);
    const bool is_folder = archive_entry_filetype(entry) == AE_IFDIR;
    const bool expected =
        archive_entry_filetype(entry) == AE_IFREG || (is_folder && holds_ == Holds::folders_too);
    if (!name || !expected) throw std::runtime_error("packed files hold something else than files");
    return Entry{name, static_cast<std::uint64_t>(archive_entry_size(entry)), is_folder};
}

std::size_t TarReader::read(char* into, std::size_t room) {
    const auto got = archive_read_data(archive_, into, room);
    if (got < 0) source_->check(archive_, got);
    return static_cast<std::size_t>(got);
}

std::string TarReader::read_all(std::size_t most) {
    std::string text(most + 1, '\0');
    std::size_t done = 0;
    while (const auto got = read(text.data() + done, text.size() - done)) done += got;
    if (done > most) throw std::runtime_error("a packed file is larger than it may be");
    text.resize(done);
    return text;
}

}  // namespace bb::safety
