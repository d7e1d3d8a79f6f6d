#pragma once
#include <boost/json/value.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/core/error.hpp"

namespace bb::personal {

/// How much an archive may hold, whatever it says of itself.
struct UnpackLimits {
    std::uint64_t bytes = 256ull << 20;      // unpacked, of all files
    std::uint64_t file_bytes = 64ull << 20;  // of one
    std::size_t files = 50'000;
};

/// The files of an archive somebody brought, unpacked into a nameless file on the disk. Nothing is ever
/// written under a name that the archive gives. Calls block.
class Unpacked {
public:
    /// Reads the ZIP file `zip` to its end. Errors: malformed (no ZIP file, cut off, damaged, a name that
    /// leads elsewhere, the same name twice, something else than files), too_large.
    static Result<Unpacked> open(std::string_view zip, const std::filesystem::path& folder,
                                 UnpackLimits limits = {});

    bool has(const std::string& name) const { return pieces_.contains(name); }
    /// The content of a file that is there.
    std::string read(const std::string& name) const;
    /// A file as JSON. Errors: malformed, naming the file.
    Result<boost::json::value> json(const std::string& name) const;
    /// The names that begin with `folder` ("materials/"), in order.
    std::vector<std::string> names_below(std::string_view folder) const;

private:
    struct Piece {
        std::uint64_t at = 0;
        std::uint64_t size = 0;
    };
    Unpacked() = default;

    std::shared_ptr<int> spool_;
    std::map<std::string, Piece> pieces_;
    friend class Unpacker;
};

/// `error` about the file `name` of an archive: each pointer says where.
Error in_file(const std::string& name, Error error);

}  // namespace bb::personal
