#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/core/early_writing.hpp"
#include "base/core/file_lock.hpp"
#include "base/core/hasher.hpp"
#include "base/core/uuid.hpp"
#include "base/http/file_body.hpp"
#include "services/blobs/numbered_pieces.hpp"
#include "services/secrets/sealed.hpp"

namespace bb::blobs {

/// A file that comes bit by bit, perhaps over days and several connections. It lies sealed in the form of a
/// stored one, in numbered pieces; what is no whole piece yet when a connection ends waits in a second file
/// beside it. Calls block; throw std::system_error (no space, no right).
class PartialFile {
public:
    /// What tells an upload from all others, and how many bytes it will have.
    struct Of {
        Uuid id;
        std::uint64_t bytes = 0;
    };

    /// Opens it, and makes it when it is not there, for one holder at a time; nullopt while there is another.
    /// `key` is of its pieces, and of this upload alone.
    static std::optional<PartialFile> open(const std::filesystem::path& path, Of upload,
                                           const secrets::Key& key);
    /// Bytes of content that a file holds, without opening it; 0 when there is none.
    static std::uint64_t size_of(const std::filesystem::path& path, std::uint64_t bytes);
    /// Removes it with what waits beside it.
    static void remove(const std::filesystem::path& path);

    PartialFile(PartialFile&&) noexcept = default;

    const std::filesystem::path& path() const { return path_; }
    std::uint64_t size() const { return size_; }
    bool is_whole() const { return size_ == upload_.bytes; }

    /// Adds what comes next. Throws std::length_error beyond its end.
    void append(std::string_view bytes);
    /// What was added is on the disk when this returns.
    void sync();
    /// All of a whole one, from the beginning. Reading throws std::runtime_error at a piece that was changed.
    std::unique_ptr<http::FileSource> content() const;
    /// SHA-256 of a whole one: known already when no connection broke, else read.
    crypto::Digest digest();
    /// Makes a whole one a stored file, sealed with `key` for `place`, and on the disk.
    void finish(const secrets::Key& key, std::string_view place);

private:
    PartialFile(FileLock lock, http::SharedDescriptor file, std::filesystem::path path, Of upload,
                const secrets::Key& key);
    void take_up();
    void seal(std::string_view piece);
    void write_sealed();
    void keep_rest() const;

    FileLock lock_;
    http::SharedDescriptor file_;
    std::filesystem::path path_;
    Of upload_;
    secrets::Key key_;
    numbered::Cipher cipher_;
    std::optional<crypto::Hasher> hasher_;  // of all that came, when all came here
    std::optional<crypto::Digest> digest_;
    std::uint64_t size_ = 0;     // of the content
    std::uint64_t written_ = 0;  // pieces that lie in the file
    EarlyWriting writing_;
    std::string waiting_;  // of the next piece
    std::string sealed_;   // pieces about to be written
};

}  // namespace bb::blobs
