#include "services/personal/unpacked.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "base/core/json_reader.hpp"
#include "services/personal/zip_writer.hpp"

namespace bb::personal {
namespace {

struct FreeReader {
    void operator()(struct archive* zip) const { archive_read_free(zip); }
};

Error broken(std::string detail) {
    return Error(ErrorCode::malformed, std::move(detail));
}

/// A relative path of plain parts, which leads nowhere else.
bool is_plain(std::string_view name) {
    if (name.empty() || name.size() > 500 || name.front() == '/') return false;
    for (const char c : name)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\' || c == ':') return false;
    for (std::size_t from = 0; from <= name.size();) {
        const auto end = std::min(name.find('/', from), name.size());
        const auto part = name.substr(from, end - from);
        if (part == "." || part == ".." || (part.empty() && end != name.size())) return false;
        from = end + 1;
    }
    return true;
}

void write_at(int fd, std::string_view bytes, std::uint64_t at) {
    while (!bytes.empty()) {
        const auto n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw std::system_error(errno, std::generic_category(), "unpack an archive");
        bytes.remove_prefix(static_cast<std::size_t>(n));
        at += static_cast<std::uint64_t>(n);
    }
}

}  // namespace

/// Goes through an archive once.
class Unpacker {
public:
    Unpacker(std::string_view zip, const std::filesystem::path& folder, UnpackLimits limits)
        : zip_(archive_read_new()), limits_(limits) {
        made_.spool_ = nameless_file(folder);
        // Only by the directory at its end: what was cut off has none.
        archive_read_support_format_zip_seekable(zip_.get());
        opened_ = archive_read_open_memory(zip_.get(), zip.data(), zip.size()) == ARCHIVE_OK;
    }

    Result<Unpacked> run() {
        for (;;) {
            archive_entry* entry = nullptr;
            const int code = opened_ ? archive_read_next_header(zip_.get(), &entry) : ARCHIVE_FATAL;
            if (code == ARCHIVE_EOF) return std::move(made_);
            if (code != ARCHIVE_OK)
                return broken("This is not a whole ZIP file: it is of another kind, cut off or damaged.");
            if (archive_entry_filetype(entry) == AE_IFDIR) continue;
            if (auto bad = take(entry)) return std::move(*bad);
        }
    }

private:
    std::optional<Error> take(archive_entry* entry) {
        const char* given = archive_entry_pathname(entry);
        const std::string name = given ? given : "";
        if (archive_entry_filetype(entry) != AE_IFREG || !is_plain(name))
            return broken("The archive holds something that is no plain file.");
        if (made_.pieces_.size() >= limits_.files)
            return Error(ErrorCode::too_large, "The archive holds too many files.");
        const auto at = used_;
        const void* block = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        for (;;) {
            const int code = archive_read_data_block(zip_.get(), &block, &size, &offset);
            if (code == ARCHIVE_EOF) break;
            if (code != ARCHIVE_OK) return broken("The archive is damaged at \"" + name + "\".");
            if (used_ - at + size > limits_.file_bytes || used_ + size > limits_.bytes)
                return Error(ErrorCode::too_large, "The archive is too large when it is unpacked.");
            write_at(*made_.spool_, {static_cast<const char*>(block), size}, used_);
            used_ += size;
        }
        const auto placed = made_.pieces_.emplace(name, Unpacked::Piece{at, used_ - at});
        if (!placed.second) return broken("The archive holds \"" + name + "\" twice.");
        return std::nullopt;
    }

    std::unique_ptr<struct archive, FreeReader> zip_;
    UnpackLimits limits_;
    Unpacked made_;
    std::uint64_t used_ = 0;
    bool opened_ = false;
};

Result<Unpacked> Unpacked::open(std::string_view zip, const std::filesystem::path& folder,
                                UnpackLimits limits) {
    return Unpacker(zip, folder, limits).run();
}

std::string Unpacked::read(const std::string& name) const {
    const Piece& piece = pieces_.at(name);
    std::string content(piece.size, '\0');
    for (std::size_t done = 0; done < content.size();) {
        const auto n = ::pread(*spool_, content.data() + done, content.size() - done,
                               static_cast<off_t>(piece.at + done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) throw std::system_error(errno, std::generic_category(), "read an unpacked archive");
        done += static_cast<std::size_t>(n);
    }
    return content;
}

Result<boost::json::value> Unpacked::json(const std::string& name) const {
    if (!has(name)) return broken("The archive holds no \"" + name + "\".");
    auto parsed = parse_json(read(name));
    if (!parsed) return in_file(name, parsed.error());
    return parsed;
}

std::vector<std::string> Unpacked::names_below(std::string_view folder) const {
    std::vector<std::string> names;
    for (auto at = pieces_.lower_bound(std::string(folder));
         at != pieces_.end() && at->first.starts_with(folder); ++at)
        names.push_back(at->first);
    return names;
}

Error in_file(const std::string& name, Error error) {
    error.detail = name + ": " + error.detail;
    for (auto& field : error.fields) field.pointer = name + field.pointer;
    return error;
}

}  // namespace bb::personal
