#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "base/core/file_lock.hpp"
#include "base/core/uuid.hpp"
#include "base/http/file_body.hpp"
#include "services/secrets/sealed.hpp"

namespace bb::blobs {

/// A file that comes bit by bit, perhaps over days and several connections; each piece is sealed by itself as
/// it comes. A piece that was cut off while it was written does not count. Calls block; throw
/// std::system_error (no space, no right).
class PartialFile {
public:
    /// Opens it, and makes it when it is not there, for one holder at a time; nullopt while there is another.
    static std::optional<PartialFile> open(const std::filesystem::path& path, Uuid id,
                                           const secrets::Key& key);
    /// Bytes of content that a file holds, without opening it; 0 when there is none.
    static std::uint64_t size_of(const std::filesystem::path& path);

    PartialFile(PartialFile&&) noexcept = default;

    std::uint64_t size() const { return size_; }
    /// Adds at most 1 MiB.
    void append(std::string_view piece);
    /// What was added is on the disk when this returns.
    void sync();
    /// All of it, from the beginning; this must outlive it. Reading throws std::runtime_error at a piece that
    /// was changed.
    std::unique_ptr<http::FileSource> content() const;

private:
    PartialFile(FileLock lock, http::SharedDescriptor file, Uuid id, const secrets::Key& key);

    FileLock lock_;
    http::SharedDescriptor file_;
    Uuid id_;
    secrets::Key key_;
    std::uint64_t size_ = 0;    // of the content
    std::uint64_t stored_ = 0;  // of the file, as far as it counts
};

}  // namespace bb::blobs
