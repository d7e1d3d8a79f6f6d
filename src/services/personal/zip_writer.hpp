#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/core/time.hpp"
#include "base/http/file_body.hpp"

struct archive;

namespace bb::personal {

/// Writes a ZIP file from front to end, holding no more of it in memory than a buffer. Its calls block.
/// Throws std::runtime_error (no space).
class ZipWriter {
public:
    /// Writes to `descriptor`, which must stay open until finish() and is not closed.
    explicit ZipWriter(int descriptor);
    ~ZipWriter();
    ZipWriter(const ZipWriter&) = delete;

    /// Begins a file; the one before ends. `name`: ASCII, a relative path.
    void begin(const std::string& name, Time modified);
    void write(std::string_view bytes);
    /// Writes at most `limit` of the next bytes of `from`. Returns how many there were.
    std::size_t copy(http::FileSource& from, std::size_t limit);
    /// Writes the directory at the end.
    void finish();

private:
    struct Free {
        void operator()(struct archive* zip) const;
    };
    void check(int code);

    std::unique_ptr<struct archive, Free> zip_;
};

/// An open file in `folder` that has no name: it is gone when the descriptor is closed, whatever ends the
/// program. Throws std::system_error.
std::shared_ptr<int> nameless_file(const std::filesystem::path& folder);

/// The size of an open file.
std::uint64_t size_of(int descriptor);

}  // namespace bb::personal
