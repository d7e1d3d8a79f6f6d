#pragma once
#include <span>
#include <string_view>

namespace bb::embedded {

/// One file of the built page. The bytes live as long as the program.
struct EmbeddedFile {
    std::string_view path;  ///< as in a URL, with its first slash: "/index.html"
    std::string_view media_type;
    std::string_view identity;
    std::string_view gzip;    ///< empty when it would not be smaller
    std::string_view brotli;  ///< empty when it would not be smaller
    std::string_view etag;    ///< strong, with its quotes
};

/// One numbered change of the database schema, with the way back.
struct EmbeddedMigration {
    int number;
    std::string_view name;
    std::string_view up;
    std::string_view down;
};

/// Every file of the page, sorted by path.
std::span<const EmbeddedFile> embedded_assets();

/// Every migration, sorted by number.
std::span<const EmbeddedMigration> embedded_migrations();

}  // namespace bb::embedded
